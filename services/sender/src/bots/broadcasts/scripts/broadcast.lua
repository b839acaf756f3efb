-- What the scripts of broadcasts begin with. All take the same keys, and the same first arguments.
--
-- KEYS[1]  the broadcast
-- KEYS[2]  its recipients
-- KEYS[3]  their outcomes
-- KEYS[4]  what is ahead: in the bot's stream, without an outcome
-- KEYS[5]  recipients that are known, while it is a draft
-- KEYS[6]  broadcasts that were started and have not ended
-- KEYS[7]  the bot's broadcast stream
-- KEYS[8]  what is on its way, of all of the bot's streams
-- ARGV[1]  <bot id>:<broadcast id>, as KEYS[6] has it
-- ARGV[2]  milliseconds for which it is kept after its end
-- ARGV[3]  milliseconds for which it is kept when nothing happens to it
local broadcast, recipients, outcomes, ahead, known, unfinished, stream, attempts = unpack(KEYS)
local member = ARGV[1]

local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function count(field)
  return tonumber(redis.call('HGET', broadcast, field) or 0)
end

local function keepFor(ms)
  for index = 1, 5 do redis.call('PEXPIRE', KEYS[index], ms) end
end

-- How many were done in this minute, and how many in the one before: enough to tell the rate by.
local function noteRate(at)
  local minute = math.floor(at / 60000)
  local noted = count('minute')
  if noted ~= minute then
    redis.call('HSET', broadcast, 'minute', minute, 'minuteBefore', noted == minute - 1 and count('minuteDone') or 0, 'minuteDone', 0)
  end
  redis.call('HINCRBY', broadcast, 'minuteDone', 1)
end

-- Writes the outcome of a recipient down, once: the first one stays.
local function settle(place, status, outcome)
  if redis.call('HSETNX', outcomes, place, outcome) == 0 then return false end
  redis.call('HDEL', ahead, place)
  redis.call('HINCRBY', broadcast, status, 1)
  redis.call('HINCRBY', broadcast, 'done', 1)
  return true
end

-- A broadcast ends when the outcome of each recipient is known; one that is cancelled, of each that had been put into the stream.
local function endWhenDone()
  local state = redis.call('HGET', broadcast, 'state')
  if state == 'draft' or redis.call('HEXISTS', broadcast, 'endedAt') == 1 then return end
  if count('done') < count(state == 'cancelled' and 'fed' or 'total') then return end
  redis.call('HSET', broadcast, 'endedAt', now())
  if state ~= 'cancelled' then redis.call('HSET', broadcast, 'state', 'completed') end
  redis.call('SREM', unfinished, member)
  keepFor(ARGV[2])
end
