-- Notes how far the work is, for those who join later.
--
-- KEYS     none (see ledger.lua)
-- ARGV[1]  hash
-- ARGV[2]  token
-- ARGV[3]  progress, JSON
-- Returns  'ok', or a refusal
local hash = ARGV[1]
local refused = refusal(hash, ARGV[2])
if refused then return refused end

redis.call('HSET', key.job .. hash, 'progress', ARGV[3])
keep(hash)
changed(hash)
return 'ok'
