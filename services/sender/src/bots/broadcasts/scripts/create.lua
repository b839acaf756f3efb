-- Makes a draft, unless there is a broadcast of this id already.
--
-- ARGV[4]  the bot's id
-- ARGV[5]  the data of its messages without chat_id, as JSON with one member at least
-- ARGV[6]  the key of the sorted set of the bot's broadcasts
-- Returns  1 where it was made, 0 where there was one
if redis.call('HSETNX', broadcast, 'message', ARGV[5]) == 0 then return 0 end
local at = now()
redis.call('HSET', broadcast, 'botId', ARGV[4], 'state', 'draft', 'createdAt', at)
redis.call('ZADD', ARGV[6], at, member:match(':(.*)$'))
keepFor(ARGV[3])
return 1
