import { BASE } from './base-script.js';

/**
 * A life of this node is over, and it is known what it used: that becomes a part of the base, the rest of its hold is free. With no
 * base yet the hold stays, since whoever asks the ledger for it may have done so before that was in it. See `SettleAsk`.
 *
 * KEYS: the counter, what that life held. ARGV: the life, least, most, how long a hold counts after it was written (0: with the
 * window).
 */
export const SETTLE_SCRIPT = `
local life, least, most, forgetMs = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
${BASE}
local value = redis.call('HGET', KEYS[1], life)
if not value then
  redis.call('HDEL', KEYS[2], KEYS[1])
  return '0'
end
local base = redis.call('HGET', KEYS[1], 'base')
if not base then return '-' end
local h, c, s, at = string.match(value, '^(%S+) (%S+) (%S+) (%S+)$')
h, at = tonumber(h), tonumber(at)
local used = math.max(math.min(h, most), least)
redis.call('HSET', KEYS[1], 'base', plus(base, used, forgetMs > 0 and at + forgetMs or 0))
redis.call('HDEL', KEYS[1], life)
redis.call('HDEL', KEYS[2], KEYS[1])
return text(h - used)
`;
