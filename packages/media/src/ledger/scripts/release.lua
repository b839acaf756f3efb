-- Ends the lease; the job is the first of the line, as if it had not been begun. One that was handed on is in no line: it is
-- for whoever takes it next.
--
-- KEYS     none (see ledger.lua)
-- ARGV[1]  hash
-- ARGV[2]  token
-- Returns  'ok', or a refusal
local hash = ARGV[1]
local refused = refusal(hash, ARGV[2])
if refused then return refused end

if isHandedOn(hash) then
  rest(hash, 'handed_on')
  changed(hash)
  return 'ok'
end
rest(hash, 'waiting')
local first = redis.call('ZRANGE', key.waiting, 0, 0, 'WITHSCORES')
local place = first[2] and first[2] - 1 or redis.call('HGET', key.job .. hash, 'place')
redis.call('ZADD', key.waiting, place, hash)
changed(hash)
return 'ok'
