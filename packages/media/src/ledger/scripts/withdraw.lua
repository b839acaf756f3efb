-- Removes an asker, and with the last one the job, whatever its state: whoever works on it finds out by his token.
--
-- KEYS     none (see ledger.lua)
-- ARGV[1]  the asker's command: account:chat:message
-- Returns  hash and how many are left, or nil where the command waits for nothing
local interest = key.interest .. ARGV[1]
local hash = redis.call('GET', interest)
if not hash then return nil end

redis.call('DEL', interest)
if redis.call('HDEL', key.askers .. hash, ARGV[1]) == 0 then return nil end
local left = redis.call('HLEN', key.askers .. hash)
if left == 0 then drop(hash) else keep(hash) end
changed(hash)
return { hash, left }
