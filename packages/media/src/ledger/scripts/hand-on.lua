-- Ends the lease; the job and those who wait for it stay, for somebody else to serve, who takes it by name. Nobody claims it.
--
-- KEYS     none (see ledger.lua)
-- ARGV[1]  hash
-- ARGV[2]  token
-- ARGV[3]  progress, JSON: what those are told who join meanwhile; or ''
-- Returns  'ok', or a refusal
local hash = ARGV[1]
local refused = refusal(hash, ARGV[2])
if refused then return refused end

rest(hash, 'handed_on')
redis.call('HSETNX', key.job .. hash, 'handed_on', now())
if ARGV[3] ~= '' then redis.call('HSET', key.job .. hash, 'progress', ARGV[3]) end
changed(hash)
return 'ok'
