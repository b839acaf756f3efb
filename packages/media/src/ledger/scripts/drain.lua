-- Removes askers that have been told, and gives the next ones. Where none is left the job is deleted in the same step, so
-- that nobody can join in between and be forgotten.
--
-- KEYS     none (see ledger.lua)
-- ARGV[1]  hash
-- ARGV[2]  token
-- ARGV[3]  how many to give at most; 0 for none
-- ARGV[4]  and on: the commands (account:chat:message) that have been told
-- Returns  askers, JSON each; an empty array where the job was deleted (or none were asked for); or a refusal
local hash = ARGV[1]
local refused = refusal(hash, ARGV[2])
if refused then return refused end

local askers = key.askers .. hash
for i = 4, #ARGV do
  -- One that has been withdrawn may wait for something else by now.
  if redis.call('HDEL', askers, ARGV[i]) == 1 then redis.call('DEL', key.interest .. ARGV[i]) end
end
if #ARGV > 3 then changed(hash) end

if redis.call('HLEN', askers) == 0 then
  drop(hash)
  changed(hash)
  return {}
end
keep(hash)
local next = {}
if ARGV[3] == '0' then return next end
for i, value in ipairs(redis.call('HRANDFIELD', askers, ARGV[3], 'WITHVALUES')) do
  if i % 2 == 0 then next[#next + 1] = value end
end
return next
