-- Says what the job turned out to be. Where another job is for the same thing, this one's askers join that one, and this one
-- is deleted; that one may have ended, as its drain does not end before the last asker is removed.
--
-- KEYS     none (see ledger.lua)
-- ARGV[1]  hash
-- ARGV[2]  token
-- ARGV[3]  identity
-- ARGV[4]  a hash of which nothing is left, or '': an identity that leads there is this job's from now on
-- Returns  {'ours'}, {'merged', hash, its leader}, {'elsewhere', hash} where that one has no job, or a refusal
local hash, identity = ARGV[1], key.identity .. ARGV[3]
local refused = refusal(hash, ARGV[2])
if refused then return refused end

local other = redis.call('GET', identity)
if other then other = follow(other) end
local isOver = other and other ~= hash and not exists(other)
if isOver and other ~= ARGV[4] then return { 'elsewhere', other } end
if not other or other == hash or isOver then
  redis.call('SET', identity, hash, 'EX', month)
  redis.call('DEL', key.same .. hash)
  return { 'ours' }
end

local askers = redis.call('HGETALL', key.askers .. hash)
for i = 1, #askers, 2 do
  redis.call('HSETNX', key.askers .. other, askers[i], askers[i + 1])
  redis.call('SET', key.interest .. askers[i], other, 'EX', week)
end
redis.call('SET', key.same .. hash, other, 'EX', month)
redis.call('EXPIRE', identity, month)
drop(hash)
keep(other)
changed(hash)
changed(other)
return { 'merged', other, redis.call('HGET', key.job .. other, 'leader') }
