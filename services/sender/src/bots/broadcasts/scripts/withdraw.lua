-- Looks after what is ahead. Of a cancelled broadcast it takes out of the stream what is not on its way; whoever has read it looks
-- for it there before it leaves. Of any, it writes down as ambiguous what is in the stream no more though nobody told its outcome:
-- somebody removed it.
--
-- ARGV[4]  the consumer group of the stream
-- ARGV[5]  the outcome of what is withdrawn, as JSON
-- ARGV[6]  the outcome of what is gone, as JSON
-- Returns  {withdrawn, gone}
local cancelled = redis.call('HGET', broadcast, 'state') == 'cancelled'
local withdrawn, gone = 0, 0
local entries = redis.call('HGETALL', ahead)
for index = 1, #entries, 2 do
  local place, entry = entries[index], entries[index + 1]
  if #redis.call('XRANGE', stream, entry, entry) == 0 then
    if settle(place, 'ambiguous', ARGV[6]) then gone = gone + 1 end
  elseif cancelled and redis.call('HEXISTS', attempts, 'broadcast:' .. entry) == 0 then
    -- Without the group there is an error, and nobody who has read it.
    redis.pcall('XACK', stream, ARGV[4], entry)
    redis.call('XDEL', stream, entry)
    if settle(place, 'cancelled', ARGV[5]) then withdrawn = withdrawn + 1 end
  end
end
if redis.call('EXISTS', broadcast) == 1 then endWhenDone() end
return { withdrawn, gone }
