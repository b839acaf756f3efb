-- One turn of sharing out the bots: a sign of life of this replica, its leases prolonged, new ones taken, and how all stands.
-- A lease that is gone is taken anew by whoever held it last, if nobody else has it.
--
-- KEYS[1]  replicas (sorted set: replica → Redis' milliseconds until which it counts as alive)
-- KEYS[2]  registry (hash: bot id → JSON)
-- ARGV[1]  this replica
-- ARGV[2]  milliseconds of a lease
-- ARGV[3]  1, or 0 where this replica is leaving: then it does not count any more
-- ARGV[4]  what a lease's key begins with
-- ARGV[5…] bots that are to be this replica's; 'control' is the control stream
-- Returns  { replicas alive, registry as field, value, …, holders of its bots in the order of its fields ('' where nobody is),
--            holder of the control stream }
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if ARGV[3] == '1' then
  redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
else
  redis.call('ZREM', KEYS[1], ARGV[1])
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)

local registry = redis.call('HGETALL', KEYS[2])
local known = { control = true }
for i = 1, #registry, 2 do known[registry[i]] = true end

for i = 5, #ARGV do
  local lease = ARGV[4] .. ARGV[i]
  local holder = redis.call('GET', lease)
  if not holder or holder == ARGV[1] then
    if known[ARGV[i]] then
      redis.call('SET', lease, ARGV[1], 'PX', ARGV[2])
    else
      redis.call('DEL', lease)
    end
  end
end

local holders = {}
for i = 1, #registry, 2 do holders[#holders + 1] = redis.call('GET', ARGV[4] .. registry[i]) or '' end
local control = redis.call('GET', ARGV[4] .. 'control') or ''
return { redis.call('ZRANGE', KEYS[1], 0, -1), registry, holders, control }
