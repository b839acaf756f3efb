-- Ends the lease; the job and those who wait for it stay, for somebody else to serve. Nobody claims it.
--
-- KEYS     none (see ledger.lua)
-- ARGV[1]  hash
-- ARGV[2]  token
-- Returns  'ok', or a refusal
local hash = ARGV[1]
local refused = refusal(hash, ARGV[2])
if refused then return refused end

rest(hash, 'handed_on')
changed(hash)
return 'ok'
