-- Ends the lease; the job may be claimed again once the delay is over.
--
-- KEYS     none (see ledger.lua)
-- ARGV[1]  hash
-- ARGV[2]  token
-- ARGV[3]  delay in milliseconds
-- Returns  'ok', or a refusal
local hash = ARGV[1]
local refused = refusal(hash, ARGV[2])
if refused then return refused end

rest(hash, 'waiting')
redis.call('ZADD', key.leases, now() + ARGV[3], hash)
changed(hash)
return 'ok'
