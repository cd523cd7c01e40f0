import { hasRedis } from '../../bench/real-redis.js';

export { type RealRedis, startRedis, startRedisCluster } from '../../bench/real-redis.js';

/** Why tests with a real Redis cannot run here; null when they can. See `noPostgres`. */
export const noRedis: string | null =
  !hasRedis() && process.env['HEADGATE_TEST_REQUIRE_ALL'] !== '1'
    ? 'Redis is not installed (Debian: apt-get install redis-server)'
    : null;
