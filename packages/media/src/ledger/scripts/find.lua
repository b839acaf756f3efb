-- What a command waits for; one step, as a merge may move it.
--
-- KEYS     none (see ledger.lua)
-- ARGV[1]  the command: account:chat:message
-- Returns  hash, asker and the job's request, JSON; nil where it waits for nothing
local hash = redis.call('GET', key.interest .. ARGV[1])
local asker = hash and redis.call('HGET', key.askers .. hash, ARGV[1])
local request = asker and redis.call('HGET', key.job .. hash, 'request')
return request and { hash, asker, request }
