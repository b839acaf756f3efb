-- Counts a command where it is within the limit, and notes in the same step that it was accepted, so that it is counted once
-- however often its message is told; what is beyond the limit leaves the count as it is. In place of rate-limiter-flexible's own
-- script, which counts both, and has room for one key: the two come in one word.
--
-- KEYS[1]  "<the user's counter> <what became of the command in this message>"
-- ARGV[1]  what the command counts
-- ARGV[2]  the window in seconds, which begins with the first command
-- ARGV[3]  the limit
-- noteLifeS, which stands before this text: seconds for which the note is kept
-- Returns  the count with the command, above the limit where it was not accepted; milliseconds until the window ends
local counter, note = KEYS[1]:match('^(%S+) (%S+)$')
local counts, limit = tonumber(ARGV[1]), tonumber(ARGV[3])
local fate = redis.call('GET', note)
redis.call('SET', counter, 0, 'EX', ARGV[2], 'NX')
local count = tonumber(redis.call('GET', counter))
local left = redis.call('PTTL', counter)

-- Another process was here first, and its verdict holds.
if fate == 'refused' then return { limit + counts, left } end
if fate then return { math.min(count, limit), left } end

if count + counts > limit then return { count + counts, left } end
redis.call('SET', note, 'accepted', 'EX', noteLifeS)
return { redis.call('INCRBY', counter, counts), left }
