-- Makes a change of access and notes it in the trail, once: a repeat changes nothing and returns what the first did. What was
-- said before the last thing that was said of the target changes nothing either.
--
-- KEYS[1]  the target: access:user:<id> or access:chat:<id>
-- KEYS[2]  the trail
-- KEYS[3]  that this change was made
-- KEYS[4]  when the last thing that was said of the target was said
-- ARGV[1]  the entry, JSON without since and until; '' to remove what is there
-- ARGV[2]  milliseconds that it lasts; '' for ever
-- ARGV[3]  seconds for which a repeat is recognised
-- ARGV[4]  when this was said, as "<Unix seconds> <chat> <message>"; '' where that is of no matter
-- ARGV[5]  and on: fields and values of the record in the trail, but until
-- Returns  JSON: {"entry", "before"}, each the text under KEYS[1] or false; "overtaken" where something was said later
local made = redis.call('GET', KEYS[3])
if made then return made end

local at = now()
local endsMs = ARGV[1] ~= '' and ARGV[2] ~= '' and at + ARGV[2] or nil
local ends = endsMs and iso(endsMs)
local before = read(KEYS[1])
local entry = false

-- Messages have numbers in the order of one chat. What was said in two of them in the same second was said at once.
local function isLater(one, other)
  local date, chat, message = one:match('^(%d+) (%S+) (%d+)$')
  local otherDate, otherChat, otherMessage = other:match('^(%d+) (%S+) (%d+)$')
  if date ~= otherDate then return tonumber(date) > tonumber(otherDate) end
  return chat == otherChat and tonumber(message) > tonumber(otherMessage)
end

local last = ARGV[4] ~= '' and redis.call('GET', KEYS[4])
if last and isLater(last, ARGV[4]) then
  made = cjson.encode({ entry = before, before = before, overtaken = true })
  redis.call('SET', KEYS[3], made, 'EX', ARGV[3])
  return made
end

-- First what could fail.
note(KEYS[2], 5, ends)
if ARGV[1] == '' then
  redis.call('DEL', KEYS[1])
else
  entry = ARGV[1]:sub(1, -2) .. ',"since":"' .. iso(at) .. '"' .. (ends and ',"until":"' .. ends .. '"' or '') .. '}'
  write(KEYS[1], entry, endsMs and string.format('%.0f', endsMs))
end
if ARGV[4] ~= '' then redis.call('SET', KEYS[4], ARGV[4], 'EX', ARGV[3]) end
made = cjson.encode({ entry = entry, before = before })
redis.call('SET', KEYS[3], made, 'EX', ARGV[3])
return made
