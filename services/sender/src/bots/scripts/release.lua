-- Gives a lease back, if it still is that replica's.
--
-- KEYS[1]  lease
-- ARGV[1]  replica
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
