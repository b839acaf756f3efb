-- Starts, pauses, resumes or cancels a broadcast. What is so already stays so, so that a repeat is no fault.
--
-- ARGV[4]  'start', 'pause', 'resume' or 'cancel'
-- Returns  {whether it was done: 1 or 0, state}; the state is 'missing' where there is no such broadcast
local state = redis.call('HGET', broadcast, 'state')
if not state then return { 0, 'missing' } end

local action = ARGV[4]
local goal = ({ start = 'running', resume = 'running', pause = 'paused', cancel = 'cancelled' })[action]
local from = {
  start = { draft = count('total') > 0 },
  resume = { paused = true },
  pause = { running = true },
  cancel = { draft = true, running = true, paused = true },
}
if state == goal then return { 1, state } end
if not from[action][state] then return { 0, state } end

redis.call('HSET', broadcast, 'state', goal)
keepFor(ARGV[3])
if action == 'start' then
  redis.call('HSET', broadcast, 'startedAt', now())
  redis.call('DEL', known)
  redis.call('SADD', unfinished, member)
end
endWhenDone()
return { 1, goal }
