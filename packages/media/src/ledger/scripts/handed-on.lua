-- KEYS     none (see ledger.lua)
-- ARGV     hashes
-- Returns  of those that were handed on: hash, request, leader, origin, place, each in an array
local found = {}
for _, hash in ipairs(ARGV) do
  if isHandedOn(hash) then
    found[#found + 1] = { hash, unpack(redis.call('HMGET', key.job .. hash, 'request', 'leader', 'origin', 'place')) }
  end
end
return found
