-- KEYS     none (see ledger.lua)
-- ARGV[1]  hash
-- Returns  the hash that it was found to be the same thing as, or itself
return follow(ARGV[1])
