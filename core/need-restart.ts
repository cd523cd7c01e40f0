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
    'observability.log_bodies': keptBy(config),
    'observability.log_level': config.observability.logLevel,
  });
  const [before, after] = [fixed(at), fixed(now)];
  return Object.keys(before).filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
}

/** How bodies are kept; whose are counts at once. */
function keptBy({ observability: { bodyKeeping } }: Config): unknown {
  return {
    ...bodyKeeping,
    s3: bodyKeeping.s3 && { ...bodyKeeping.s3, secretAccessKey: bodyKeeping.s3.secretAccessKey.reveal() },
  };
}
