-- Takes the lease of a job that was handed on.
--
-- KEYS     none (see ledger.lua)
-- ARGV[1]  hash
-- ARGV[2]  and on: see workerFrom
-- Returns  {'gone'} where there is no such job; {'held', milliseconds until it may not be any more} where somebody has it, or
--          it has not been handed on yet; {'full'} where its host has no room; {'taken', lease (see take), handed on at}
local hash = ARGV[1]
local worker = workerFrom(2)
if not exists(hash) then return { 'gone' } end

local job = key.job .. hash
local till, token = leaseEnd(hash), redis.call('HGET', job, 'token')
if not isHandedOn(hash) or (token and worker.own[token]) then return { 'held', worker.leaseMs } end
if token and till and till > now() then return { 'held', till - now() } end

local host, outcome, deaths = unpack(redis.call('HMGET', job, 'host', 'outcome', 'deaths'))
local hasPlace = redis.call('SISMEMBER', key.host .. host, hash) == 1
if not outcome and not hasPlace and isFull(host, worker.perHost) then return { 'full' } end
if not outcome and isSuspect(deaths) and hasOtherSuspect(hash) then return { 'full' } end
return { 'taken', take(hash, false, worker), redis.call('HGET', job, 'handed_on') }
