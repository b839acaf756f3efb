-- Writes down what became of one recipient, and ends the broadcast with the last one. A repeat changes nothing.
--
-- ARGV[4]  the recipient's place
-- ARGV[5]  'sent', 'failed' or 'ambiguous'
-- ARGV[6]  the outcome, as JSON
-- Returns  {state, entries that are ahead}; the state is 'missing' where there is no such broadcast, or no such place in it
local state = redis.call('HGET', broadcast, 'state')
if not state or tonumber(ARGV[4]) >= count('fed') then return { 'missing', 0 } end
if settle(ARGV[4], ARGV[5], ARGV[6]) then
  noteRate(now())
  endWhenDone()
end
return { redis.call('HGET', broadcast, 'state'), count('fed') - count('done') }
