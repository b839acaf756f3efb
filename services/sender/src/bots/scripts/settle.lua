-- Ends an entry, once: acknowledges and deletes it, and writes its outcome. Of two who know an outcome, the second changes nothing.
--
-- KEYS[1]  stream
-- KEYS[2]  logs stream
-- KEYS[3]  dead-letter stream
-- KEYS[4]  attempts (hash)
-- ARGV[1]  group
-- ARGV[2]  id of the entry
-- ARGV[3]  its field in the attempts
-- ARGV[4]  type of the log entry
-- ARGV[5]  data of the log entry; '' for none
-- ARGV[6]  about how many log entries are kept
-- ARGV[7]  about how many dead letters are kept
-- ARGV[8…] fields and values of the dead letter; none for none
-- Returns  1, or 0 where it was ended before
local acknowledged = redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
redis.call('HDEL', KEYS[4], ARGV[3])
if acknowledged == 0 then return 0 end
redis.call('XDEL', KEYS[1], ARGV[2])
if ARGV[5] ~= '' then
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[6], '*', 'type', ARGV[4], 'data', ARGV[5])
end
if #ARGV > 7 then
  redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[7], '*', unpack(ARGV, 8))
end
return 1
