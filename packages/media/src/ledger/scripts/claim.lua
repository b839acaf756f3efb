-- Takes the lease of the job that is to be worked on next.
--
-- KEYS     none (see ledger.lua)
-- ARGV[1]  and on: see workerFrom
-- Returns  lease (see take), or nil where nothing is to be done
local worker = workerFrom(1)
local hash, again = upNext(worker)
return hash and take(hash, again, worker)
