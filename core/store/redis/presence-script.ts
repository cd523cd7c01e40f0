/** This node is there. Returns the time, unix milliseconds, and how many nodes are. KEYS: a sorted set. ARGV: the node, how long it counts. */
export const PRESENCE_SCRIPT = `
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[2]))
redis.call('PEXPIRE', KEYS[1], 10 * tonumber(ARGV[2]))
return { now, redis.call('ZCARD', KEYS[1]) }
`;
