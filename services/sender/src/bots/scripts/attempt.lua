-- Notes that a message is about to leave, if the bot is still this replica's, and nobody has taken the message out of its stream. Whoever has the bot next and finds the note knows that the
-- message may have been sent.
--
-- KEYS[1]  lease
-- KEYS[2]  attempts (hash)
-- KEYS[3]  stream
-- ARGV[1]  replica
-- ARGV[2]  the message's field in it
-- ARGV[3]  the note
-- ARGV[4]  id of the entry
-- Returns  1; 0 where the bot is not this replica's any more, 2 where the entry is gone
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if #redis.call('XRANGE', KEYS[3], ARGV[4], ARGV[4]) == 0 then return 2 end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
return 1
