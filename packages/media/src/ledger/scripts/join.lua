-- Adds an asker, makes the job where there is none, and takes the lease where it is this job's turn, all at once. Where the
-- same message waits already, for this or for another hash, it goes on waiting for that.
--
-- KEYS     none (see ledger.lua)
-- ARGV[1]  hash
-- ARGV[2]  the asker's command: account:chat:message
-- ARGV[3]  the asker, JSON
-- ARGV[4]  the request, JSON           of the job, where it is made
-- ARGV[5]  the host                    "
-- ARGV[6]  the asker's correlation id  "
-- ARGV[7]  the asker's origin, JSON    "
-- ARGV[8]  1 where the lease may be taken, else 0
-- ARGV[9]  and on: see workerFrom
-- Returns  hash after redirects, 1 for a new asker or 0, state, position in line or nil, progress or nil, leader, lease
--          (see take) or nil
local command = ARGV[2]
local interest = key.interest .. command

local hash = redis.call('GET', interest)
local isKnown = hash and exists(hash) and redis.call('HEXISTS', key.askers .. hash, command) == 1
if not isKnown then
  hash = follow(ARGV[1])
  if not exists(hash) then
    local place = number()
    redis.call('HSET', key.job .. hash, 'state', 'waiting', 'place', place,
      'request', ARGV[4], 'host', ARGV[5], 'leader', ARGV[6], 'origin', ARGV[7])
    redis.call('ZADD', key.waiting, place, hash)
  end
  redis.call('HSET', key.askers .. hash, command, ARGV[3])
  redis.call('SET', interest, hash, 'EX', week)
  keep(hash)
  changed(hash)
end

local lease = false
if ARGV[8] == '1' then
  local worker = workerFrom(9)
  local first, again = upNext(worker)
  if first == hash then lease = take(hash, again, worker) end
end

local state, progress, leader = unpack(redis.call('HMGET', key.job .. hash, 'state', 'progress', 'leader'))
local rank = redis.call('ZRANK', key.waiting, hash)
return { hash, isKnown and 0 or 1, state, rank and rank + 1, progress, leader, lease }
