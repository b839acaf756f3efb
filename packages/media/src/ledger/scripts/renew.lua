-- Prolongs a lease, also one that has run out and that nobody else took. What a hand removed from the indices is put back.
--
-- KEYS     none (see ledger.lua)
-- ARGV[1]  hash
-- ARGV[2]  token
-- ARGV[3]  milliseconds of a lease
-- Returns  'ok', or a refusal
local hash = ARGV[1]
local refused = refusal(hash, ARGV[2])
if refused then return refused end

redis.call('ZADD', leasesOf(hash), now() + ARGV[3], hash)
if redis.call('HEXISTS', key.job .. hash, 'outcome') == 0 then enterHost(hash) end
keep(hash)
return 'ok'
