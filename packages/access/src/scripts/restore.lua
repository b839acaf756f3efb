-- Puts an entry in place as it once was, and notes that in the trail where it was not there already.
--
-- KEYS[1]  the target: access:user:<id> or access:chat:<id>
-- KEYS[2]  the trail
-- ARGV[1]  the entry, JSON
-- ARGV[2]  when it ends: Unix milliseconds, or '' for never
-- ARGV[3]  the same in ISO 8601
-- ARGV[4]  and on: fields and values of the record in the trail, but until
-- Returns  'restored', 'unchanged', or 'ran_out' where its end has passed and nothing was done
local lasts = ARGV[2] == ''
if not lasts and tonumber(ARGV[2]) <= now() then return 'ran_out' end

local isNew = read(KEYS[1]) ~= ARGV[1]
if isNew then note(KEYS[2], 4, not lasts and ARGV[3] or nil) end
-- Also where the text is the same, as its TTL need not be.
write(KEYS[1], ARGV[1], not lasts and ARGV[2] or nil)
return isNew and 'restored' or 'unchanged'
