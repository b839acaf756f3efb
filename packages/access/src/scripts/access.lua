-- What every script of this package begins with.
--
-- Times are Redis' own, in Unix milliseconds. Lua's numbers do not hold every Telegram id in 14 digits, so that JSON with ids
-- in it is not decoded here.

local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- ISO 8601. There is no os.date in Redis; https://howardhinnant.github.io/date_algorithms.html#civil_from_days
local function iso(ms)
  local floor = math.floor
  local day = floor(ms / 86400000)
  local rest = ms - day * 86400000
  local era = floor((day + 719468) / 146097)
  local ofEra = day + 719468 - era * 146097
  local year = floor((ofEra - floor(ofEra / 1460) + floor(ofEra / 36524) - floor(ofEra / 146096)) / 365)
  local ofYear = ofEra - (365 * year + floor(year / 4) - floor(year / 100))
  local fromMarch = floor((5 * ofYear + 2) / 153)
  local month = fromMarch < 10 and fromMarch + 3 or fromMarch - 9
  return string.format('%04d-%02d-%02dT%02d:%02d:%02d.%03dZ',
    year + era * 400 + (month <= 2 and 1 or 0), month, ofYear - floor((153 * fromMarch + 2) / 5) + 1,
    floor(rest / 3600000), floor(rest / 60000) % 60, floor(rest / 1000) % 60, rest % 1000)
end

-- What stands under the key; '' where that is no string, false where there is nothing.
local function read(key)
  local value = redis.pcall('GET', key)
  return type(value) == 'table' and '' or value
end

-- ends: ISO 8601, or nil; fields and values from ARGV[first] on.
local function note(audit, first, ends)
  local fields = {}
  for i = first, #ARGV do fields[#fields + 1] = ARGV[i] end
  if ends then
    fields[#fields + 1] = 'until'
    fields[#fields + 1] = ends
  end
  redis.call('XADD', audit, 'MAXLEN', '~', 100000, '*', unpack(fields))
end

-- endsMs: Unix milliseconds as digits, or nil for ever.
local function write(key, entry, endsMs)
  if endsMs then
    redis.call('SET', key, entry, 'PXAT', endsMs)
  else
    redis.call('SET', key, entry)
  end
end
