-- Notes a request that takes more than one step under its idempotency key.
--
-- KEYS[1]  what is known of the idempotency key
-- ARGV[1]  fingerprint of the request
-- ARGV[2]  seconds for which a repeat is recognised
-- Returns  {fingerprint of the first request, its answer or nil}
local fingerprint, answer = unpack(redis.call('HMGET', KEYS[1], 'fingerprint', 'answer'))
if fingerprint then return { fingerprint, answer } end
redis.call('HSET', KEYS[1], 'fingerprint', ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return { ARGV[1], false }
