-- Puts jobs that would never be claimed back to their place in the line.
--
-- KEYS     none (see ledger.lua)
-- ARGV     hashes
-- Returns  those that were put back
local found = {}
for _, hash in ipairs(ARGV) do
  local state, place = unpack(redis.call('HMGET', key.job .. hash, 'state', 'place'))
  local isIndexed = isHandedOn(hash)
    or redis.call('ZSCORE', key.waiting, hash)
    or redis.call('ZSCORE', key.leases, hash)
  if state and not isIndexed then
    -- Whoever may still hold it is fenced off.
    rest(hash, 'waiting')
    redis.call('ZADD', key.waiting, place, hash)
    changed(hash)
    found[#found + 1] = hash
  end
end
return found
