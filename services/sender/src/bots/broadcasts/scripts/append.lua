-- Adds recipients to a broadcast that has not been started; whoever is in it already is left out.
--
-- ARGV[4]        the most recipients that a broadcast may have
-- ARGV[5] and on recipients, as JSON
-- Returns  {state, total}; state is 'missing', or 'full' where it would have too many: then none was added
local state = redis.call('HGET', broadcast, 'state')
if not state then return { 'missing', 0 } end
local total = count('total')
if state ~= 'draft' then return { state, total } end

local added, fresh = {}, {}
for index = 5, #ARGV do
  local one = ARGV[index]
  local same = one:lower()
  if not fresh[same] and redis.call('SISMEMBER', known, same) == 0 then
    fresh[same] = true
    added[#added + 1] = one
  end
end
if total + #added > tonumber(ARGV[4]) then return { 'full', total } end
for _, one in ipairs(added) do
  redis.call('SADD', known, one:lower())
  total = redis.call('RPUSH', recipients, one)
end
redis.call('HSET', broadcast, 'total', total)
keepFor(ARGV[3])
return { state, total }
