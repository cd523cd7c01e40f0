import { BASE } from './base-script.js';

/**
 * One step of a counter, see {@link HoldAsk}. A hash has a field for each node, `hold count seq written-at`, and `base`. Times are
 * those of Redis; numbers are written with all their digits, which Lua does not do by itself.
 *
 * KEYS: the counter, the epoch of its bucket, what this life of the node holds of the bucket's counters. They have the same hash
 * tag, so it runs on a Redis cluster too.
 */
export const HOLD_SCRIPT = `
local me, seq, count, floor = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local least, need, want = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local cap = ARGV[8] ~= '-' and tonumber(ARGV[8]) or nil
local nodes, keepMs, forgetMs = tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])
local live, wantsBase, final = ARGV[12] == '1', ARGV[13] == '1', ARGV[14] == '1'
local knownEpoch, newEpoch, settleMs, given = ARGV[15], ARGV[16], tonumber(ARGV[17]), ARGV[18]
local about, spared = ARGV[19], ' ' .. ARGV[20] .. ' '
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
${BASE}

local epoch = redis.call('GET', KEYS[2])
if not epoch then
  epoch = newEpoch .. ' ' .. text(now)
  redis.call('SET', KEYS[2], epoch)
end
local id, since = string.match(epoch, '^(%S+) (%S+)$')
if id ~= knownEpoch then return { 'epoch', '0', '0', '0', '0', '', '0', id } end
local settling = settleMs - (now - tonumber(since))

local node = string.match(me, '^[^~]+')
local all = redis.call('HGETALL', KEYS[1])
local others, used, mine, base = 0, 0, nil, nil
local dead = {}
for i = 1, #all, 2 do
  local field, value = all[i], all[i + 1]
  if field == 'base' then
    base = value
  else
    local h, c, s, at = string.match(value, '^(%S+) (%S+) (%S+) (%S+)$')
    h, c, s, at = tonumber(h), tonumber(c), tonumber(s), tonumber(at)
    if field == me then
      mine = s
    elseif forgetMs > 0 and now - at > forgetMs then
      redis.call('HDEL', KEYS[1], field)
    elseif string.match(field, '^[^~]+') == node and (live or not string.find(spared, ' ' .. field .. ' ', 1, true)) then
      dead[#dead + 1] = { field, h, forgetMs > 0 and at + forgetMs or 0 }
    else
      others, used = others + h, used + c
    end
  end
end
if mine and mine >= seq then
  return { 'stale', text(floor), text(others), text(used), text(base and sumOf(base) or 0), base or '', '0', id }
end
local before = base
if given ~= '' and (not base or sumOf(given) > sumOf(base)) then base = given end
for _, one in ipairs(dead) do
  if not live then base = plus(base or '', one[2], one[3]) end
  redis.call('HDEL', KEYS[1], one[1])
end
if final then
  if not live then base = plus(base or '', count, forgetMs > 0 and now + forgetMs or 0) end
  redis.call('HDEL', KEYS[1], me)
  redis.call('HDEL', KEYS[3], KEYS[1])
  if base and base ~= '' then redis.call('HSET', KEYS[1], 'base', base) end
  redis.call('PEXPIRE', KEYS[1], keepMs)
  return { 'ok', '0', text(others), text(used), text(base and sumOf(base) or 0), base or '', '0', id }
end
if base and base ~= before then redis.call('HSET', KEYS[1], 'base', base) end

local taken = others + (base and sumOf(base) or 0)
local hold, status = floor, 'ok'
if need > floor or want > floor then
  if settling > 0 then
    if need > floor then status = 'wait' end
  elseif wantsBase and not base then
    if need > floor then status = 'base' end
  elseif not cap then
    hold = math.max(floor, want)
  else
    local left = cap - taken
    if need <= left then
      hold = math.max(floor, need + math.min(want - need, math.floor((left - need) / (2 * nodes))))
    elseif least <= left and left > floor then
      hold = left
    elseif least > floor then
      status = 'refused'
    end
  end
end
redis.call('HSET', KEYS[1], me, text(hold) .. ' ' .. text(count) .. ' ' .. text(seq) .. ' ' .. text(now))
redis.call('PEXPIRE', KEYS[1], keepMs)
if about ~= '' and not mine then
  redis.call('HSET', KEYS[3], KEYS[1], about)
  if redis.call('PTTL', KEYS[3]) < keepMs then redis.call('PEXPIRE', KEYS[3], keepMs) end
end
return { status, text(hold), text(others), text(used), text(base and sumOf(base) or 0), base or '', text(math.max(0, settling)), id }
`;
