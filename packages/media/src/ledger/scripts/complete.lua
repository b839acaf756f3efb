-- Stores the outcome. From here on the job only waits to be drained; who joins before that is drained with the others.
--
-- KEYS     none (see ledger.lua)
-- ARGV[1]  hash
-- ARGV[2]  token
-- ARGV[3]  outcome, JSON
-- Returns  'ok', or a refusal
local hash = ARGV[1]
local refused = refusal(hash, ARGV[2])
if refused then return refused end

redis.call('HSET', key.job .. hash, 'outcome', ARGV[3], 'state', 'ended')
redis.call('HDEL', key.job .. hash, 'progress')
leaveHost(hash)
keep(hash)
changed(hash)
return 'ok'
