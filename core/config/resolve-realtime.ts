import type { RealtimeConfig } from './config.js';
import type { ParsedConfig } from './schema.js';

export function resolveRealtime(parsed: ParsedConfig['realtime']): RealtimeConfig {
  return {
    messageLimitBytes: parsed.message_limit,
    handshakeTimeoutMs: parsed.handshake_timeout,
    idleTimeoutMs: parsed.idle_timeout,
    maxDurationMs: parsed.max_duration,
  };
}
