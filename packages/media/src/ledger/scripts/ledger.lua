-- What every script of the ledger begins with, after `key`, the table of key names (redis-keys.ts).
--
-- Keys are computed from the arguments, as a job's host, its merges and the next in line are known only once the script
-- looks: that is right on a single Redis, and would not be on a cluster. So KEYS is empty throughout.
-- Times are Redis' own, in Unix milliseconds: replicas whose clocks differ agree on them.

local week, month = 7 * 86400, 30 * 86400

local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function changed(hash)
  redis.call('PUBLISH', key.changed, hash)
end

-- Starts at the time, so that numbers do not repeat where somebody deletes the counter.
local function number()
  redis.call('SET', key.counter, now(), 'NX')
  return redis.call('INCR', key.counter)
end

local function exists(hash)
  return redis.call('EXISTS', key.job .. hash) == 1
end

-- The hash that a hash was found to be the same thing as. Redirects are made to where others end, so there is no circle;
-- the bound is for those that were made by hand.
local function follow(hash)
  for _ = 1, 16 do
    local into = redis.call('GET', key.same .. hash)
    if not into then return hash end
    hash = into
  end
  return hash
end

-- Nothing outlives code that is gone; what is in use is used more often than weekly.
local function keep(hash)
  for _, name in ipairs({ key.job .. hash, key.askers .. hash, key.waiting, key.leases, key.handedOn }) do
    redis.call('EXPIRE', name, week)
  end
end

-- Whether the job was handed on: it is taken by name then, and never claimed.
local function isHandedOn(hash)
  return redis.call('HEXISTS', key.job .. hash, 'handed_on') == 1
end

-- Where the end of a job's lease stands. Those of jobs that were handed on stand apart, where nobody who claims looks.
local function leasesOf(hash)
  return isHandedOn(hash) and key.handedOn or key.leases
end

-- When the job's lease ends; nil where there is none.
local function leaseEnd(hash)
  local till = redis.call('ZSCORE', leasesOf(hash), hash)
  return till and tonumber(till)
end

-- Why a lease's holder may not: 'gone' where there is no job, 'lost' where the lease is no longer his; nil where he may.
local function refusal(hash, token)
  if redis.call('HGET', key.job .. hash, 'token') == token then return nil end
  return exists(hash) and 'lost' or 'gone'
end

-- Where jobs stand beside their host that may be what workers die over: no host has that name.
local suspects = key.host .. '*'

local function leaveHost(hash)
  local host = redis.call('HGET', key.job .. hash, 'host')
  if host then redis.call('SREM', key.host .. host, hash) end
  redis.call('SREM', suspects, hash)
end

local function enterHost(hash)
  local host = redis.call('HGET', key.job .. hash, 'host')
  redis.call('SADD', key.host .. host, hash)
  redis.call('EXPIRE', key.host .. host, week)
end

-- Removes the job from everywhere; its askers' interest is the caller's to move or remove.
local function drop(hash)
  leaveHost(hash)
  redis.call('ZREM', key.waiting, hash)
  redis.call('ZREM', leasesOf(hash), hash)
  redis.call('DEL', key.job .. hash, key.askers .. hash)
end

-- Ends the lease. Where there is an outcome, all that is left to do is draining, whatever else happens.
local function rest(hash, state)
  local job = key.job .. hash
  leaveHost(hash)
  redis.call('ZREM', leasesOf(hash), hash)
  redis.call('HDEL', job, 'token', 'holder', 'progress')
  redis.call('HSET', job, 'state', redis.call('HEXISTS', job, 'outcome') == 1 and 'ended' or state)
  keep(hash)
end

-- The end of ARGV, of whoever may take a lease: most jobs at once of one host, milliseconds of a lease, who it is, and the
-- tokens of the leases that it holds.
local function workerFrom(index)
  local worker = { perHost = tonumber(ARGV[index]), leaseMs = tonumber(ARGV[index + 1]), holder = ARGV[index + 2], own = {} }
  for i = index + 3, #ARGV do worker.own[ARGV[i]] = true end
  return worker
end

local function isFull(host, perHost)
  local name = key.host .. host
  if redis.call('SCARD', name) < perHost then return false end
  -- A place whose job is gone or rests is free: it can only have been left by a hand.
  for _, hash in ipairs(redis.call('SMEMBERS', name)) do
    if redis.call('HEXISTS', key.job .. hash, 'token') == 0 then redis.call('SREM', name, hash) end
  end
  return redis.call('SCARD', name) >= perHost
end

-- Whether a job is kept apart, after two deaths: all that run beside one that kills its worker count the same deaths, and
-- one at a time only the killer goes on dying.
local function isSuspect(deaths)
  return (tonumber(deaths) or 0) >= 2
end

local function hasOtherSuspect(hash)
  for _, other in ipairs(redis.call('SMEMBERS', suspects)) do
    local till = leaseEnd(other)
    if other ~= hash and till and till > now() then return true end
  end
  return false
end

-- The job that is to be worked on next, and whether that is again: one whose lease has run out or that is due for another
-- attempt, else the first of the line whose host has room. Nil where there is none. An own lease that has run out while
-- Redis was away is not given to whom it already belongs.
local function upNext(worker)
  local full = {}
  -- Whether the job may be worked on, and its host where only that could keep it: draining needs no place. Nil where there is
  -- no job.
  local function fits(hash)
    local host, outcome, deaths = unpack(redis.call('HMGET', key.job .. hash, 'host', 'outcome', 'deaths'))
    if not host then return nil end
    if outcome then return true, host end
    if isSuspect(deaths) and hasOtherSuspect(hash) then return false end
    if full[host] == nil then full[host] = isFull(host, worker.perHost) end
    return not full[host], host
  end

  for _, hash in ipairs(redis.call('ZRANGE', key.leases, '-inf', now(), 'BYSCORE')) do
    local may, host = fits(hash)
    if may == nil then
      redis.call('ZREM', key.leases, hash)
    elseif may or (host and redis.call('SISMEMBER', key.host .. host, hash) == 1) then
      if not worker.own[redis.call('HGET', key.job .. hash, 'token')] then return hash, true end
    end
  end

  local from = 0
  while true do
    local page = redis.call('ZRANGE', key.waiting, from, from + 99)
    if #page == 0 then return nil end
    for _, hash in ipairs(page) do
      local may = fits(hash)
      if may == nil then
        redis.call('ZREM', key.waiting, hash)
      elseif may then
        return hash, false
      else
        from = from + 1
      end
    end
  end
end

-- Takes the lease, under a new token. Returns hash, token, place, attempt, deaths or nil, request, leader, origin, outcome
-- or nil.
local function take(hash, again, worker)
  local job = key.job .. hash
  local token = number()
  local attempt, outcome, left = unpack(redis.call('HMGET', job, 'attempt', 'outcome', 'token'))
  if left then
    -- Whoever had it has not given it back.
    redis.call('HINCRBY', job, 'deaths', 1)
  elseif again or not attempt then
    redis.call('HINCRBY', job, 'attempt', 1)
  end
  redis.call('HDEL', job, 'progress')
  redis.call('HSET', job, 'token', token, 'holder', worker.holder, 'state', outcome and 'ended' or 'working')
  redis.call('ZREM', key.waiting, hash)
  redis.call('ZADD', leasesOf(hash), now() + worker.leaseMs, hash)
  if not outcome then enterHost(hash) end
  if not outcome and isSuspect(redis.call('HGET', job, 'deaths')) then
    redis.call('SADD', suspects, hash)
    redis.call('EXPIRE', suspects, week)
  end
  keep(hash)
  changed(hash)
  local fields = { 'place', 'attempt', 'deaths', 'request', 'leader', 'origin', 'outcome' }
  return { hash, token, unpack(redis.call('HMGET', job, unpack(fields))) }
end
