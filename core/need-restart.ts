import { bodyKeepingOf } from './config/body-keeping.js';
import type { Config } from './config/config.js';
import { addressOf } from './store/sql/address.js';

/** Settings that only count at the start and differ now. */
export function needRestart(at: Config, now: Config): string[] {
  const fixed = (config: Config): Record<string, unknown> => ({
    'server.host': config.server.host,
    'server.port': config.server.port,
    'server.threads': config.server.threads,
    'server.tls': config.server.tls,
    'realtime.message_limit': config.realtime.messageLimitBytes,
    'admin.secret': config.admin.secret?.reveal(),
    'store.url': addressOf(config.store),
    cluster: config.cluster && { ...config.cluster, redis: config.cluster.redis.reveal() },
    'store.durable': config.ledger.durable,
    'store.on_failure': config.ledger.onFailure,
    'store.retention': config.ledger.retention,
    'observability.prometheus': config.observability.metrics,
    'observability.log_format': config.observability.logFormat,
    // How they are kept; whose are counts at once.
    'observability.log_bodies': bodyKeepingOf(config),
    'observability.log_level': config.observability.logLevel,
  });
  const [before, after] = [fixed(at), fixed(now)];
  return Object.keys(before).filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
}
