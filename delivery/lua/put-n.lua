-- KEYS: route keys of users. ARGV: slot, epoch, TTL in seconds, then for each key its connections joined by ','.
-- A route is slot.epoch.connection.expiry (seconds since 1970); a key holds them joined by ';'.
-- Afterwards each key holds exactly these connections of this slot, with a fresh expiry. Of other slots it keeps what has not
-- expired: the entries of a gateway that died go, although a living one keeps the key alive.
-- Returns the positions (from 1) of the keys in which one of the connections was missing.
local slot, epoch, ttl = ARGV[1], ARGV[2], tonumber(ARGV[3])
local now = tonumber(redis.call('TIME')[1])
local mine = slot .. '.' .. epoch .. '.'
local suffix = '.' .. string.format('%d', now + ttl)
local missing = {}
for position, key in ipairs(KEYS) do
  local kept, known = {}, {}
  local value = redis.call('GET', key) or ''
  for entry, entrySlot, entryEpoch, connection, expiry in string.gmatch(value, '((%d+)%.(%d+)%.(%d+)%.(%d+))') do
    if entrySlot == slot then
      if entryEpoch == epoch then known[connection] = true end
    elseif tonumber(expiry) > now then
      kept[#kept + 1] = entry
    end
  end
  local isMissing = false
  for connection in string.gmatch(ARGV[3 + position], '%d+') do
    if not known[connection] then isMissing = true end
    kept[#kept + 1] = mine .. connection .. suffix
  end
  if #kept == 0 then
    redis.call('DEL', key)
  else
    redis.call('SET', key, table.concat(kept, ';'), 'EX', ttl)
  end
  if isMissing then missing[#missing + 1] = position end
end
return missing
