-- Sends those who ask for this hash from now on to another. Does nothing where the other leads back here.
--
-- KEYS     none (see ledger.lua)
-- ARGV[1]  hash
-- ARGV[2]  token
-- ARGV[3]  the other hash
-- Returns  'ok', or a refusal
local hash = ARGV[1]
local refused = refusal(hash, ARGV[2])
if refused then return refused end

local into = follow(ARGV[3])
if into ~= hash then redis.call('SET', key.same .. hash, into, 'EX', month) end
return 'ok'
