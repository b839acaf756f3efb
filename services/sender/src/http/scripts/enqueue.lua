-- Writes an entry to a stream, once for each idempotency key: a repeat finds what the first one did.
--
-- KEYS[1]        the stream
-- KEYS[2]        what is known of the idempotency key; none where the request has no key
-- ARGV[1]        fingerprint of the request
-- ARGV[2]        seconds for which a repeat is recognised
-- ARGV[3] and on fields and values of the entry
-- Returns  {1 where it was written now, else 0; the entry's id, or '' where the key was used for another request}
if KEYS[2] then
  local fingerprint, entry = unpack(redis.call('HMGET', KEYS[2], 'fingerprint', 'answer'))
  if fingerprint then return { 0, fingerprint == ARGV[1] and entry or '' } end
end
local entry = redis.call('XADD', KEYS[1], '*', unpack(ARGV, 3))
if KEYS[2] then
  redis.call('HSET', KEYS[2], 'fingerprint', ARGV[1], 'answer', entry)
  redis.call('EXPIRE', KEYS[2], ARGV[2])
end
return { 1, entry }
