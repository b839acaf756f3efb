-- Moves recipients of a running broadcast to the bot's stream, as far as there is room, and remembers the place: whoever is ended
-- in the middle of feeding has done all of one call or nothing.
--
-- ARGV[4]  how many entries of the broadcast may be in the stream
-- Returns  {state, entries put there}; the state is 'missing' where there is no such broadcast
local state = redis.call('HGET', broadcast, 'state')
if not state then
  redis.call('SREM', unfinished, member)
  return { 'missing', 0 }
end
if state ~= 'running' then return { state, 0 } end

local fed = count('fed')
local room = math.min(tonumber(ARGV[4]) - (fed - count('done')), count('total') - fed)
if room <= 0 then return { state, 0 } end

local id = member:match(':(.*)$')
local data = redis.call('HGET', broadcast, 'message'):sub(1, -2) .. ',"chat_id":'
for index, recipient in ipairs(redis.call('LRANGE', recipients, fed, fed + room - 1)) do
  local place = string.format('%.0f', fed + index - 1)
  local entry = redis.call('XADD', stream, '*', 'type', 'send_msg', 'data', data .. recipient .. '}', 'broadcast', id .. ':' .. place)
  redis.call('HSET', ahead, place, entry)
end
redis.call('HSET', broadcast, 'fed', fed + room)
keepFor(ARGV[3])
return { state, room }
