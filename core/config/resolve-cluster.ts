import type { RedisTarget } from '../store/redis/redis-target.js';
import { shownRedis } from '../store/redis/redis-target.js';
import type { ClusterConfig, StoreConfig } from './config.js';
import type { Findings } from './findings.js';
import type { ParsedConfig } from './schema.js';
import { Secret } from './secret.js';
import type { Settings } from './settings.js';

/** Nodes share keys and records through Postgres, so Redis alone makes no cluster. */
export function resolveCluster(
  parsed: ParsedConfig['cluster'],
  settings: Settings,
  store: StoreConfig,
  findings: Findings,
): ClusterConfig | null {
  const redis = settings.redisUrl ?? parsed?.redis;
  if (redis === undefined) {
    if (parsed !== undefined)
      findings.error(['cluster'], {
        what: 'there is no address of Redis',
        hint: 'set cluster.redis or HEADGATE_REDIS_URL',
      });
    return null;
  }
  const target = targetOf(redis, findings);
  if (target === null) return null;
  if (store.kind !== 'postgres')
    findings.error(['cluster'], {
      what: 'nodes of a cluster share their keys and records in one Postgres, and this one has a SQLite file of its own',
      hint: 'set store.url to postgres://…',
    });
  const { name, policy } = { name: 'headgate', policy: 'local-share' as const, ...parsed };
  const address = parsed?.address?.replace(/\/$/, '') ?? null;
  return { name, policy, address, redis: new Secret(target, shownRedis(target)) };
}

function targetOf(
  redis: string | { nodes?: string[]; sentinels?: string[]; master?: string },
  findings: Findings,
): RedisTarget | null {
  if (typeof redis === 'string') return { urls: [redis], kind: 'single', master: '' };
  const { nodes, sentinels, master } = redis;
  if ((nodes === undefined) === (sentinels === undefined)) {
    findings.error(['cluster', 'redis'], { what: 'it needs either nodes or sentinels' });
    return null;
  }
  if (sentinels !== undefined) return { urls: sentinels, kind: 'sentinel', master: master ?? 'mymaster' };
  if (master !== undefined)
    findings.error(['cluster', 'redis', 'master'], { what: 'it belongs to sentinels' });
  return { urls: nodes ?? [], kind: 'cluster', master: '' };
}
