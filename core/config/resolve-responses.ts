import type { ResponsesConfig } from './config.js';
import type { ParsedConfig } from './schema.js';

export function resolveResponses(parsed: ParsedConfig['responses']): ResponsesConfig {
  return {
    store: parsed.store,
    keepMs: parsed.keep,
    maxBytes: parsed.max_bytes,
    maxTotalBytes: parsed.max_total,
  };
}
