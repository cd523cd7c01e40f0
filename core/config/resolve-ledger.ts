import type { LedgerConfig } from './config.js';
import type { Findings } from './findings.js';
import type { ParsedConfig } from './schema.js';

const DAY_MS = 86_400_000;

export function resolveLedger(parsed: ParsedConfig['store'], findings: Findings): LedgerConfig {
  const { durable, url, retention } = parsed;
  if (durable === 'request' && url === 'sqlite::memory:')
    findings.error(['store', 'durable'], {
      what: 'nothing is written to a disk with store.url sqlite::memory:',
      hint: 'name a file or a Postgres server',
    });
  return {
    durable,
    onFailure: parsed.on_failure ?? (durable === 'request' ? 'refuse' : 'serve'),
    retention: {
      recordDays: retention.records / DAY_MS,
      maxRecords: retention.max_records ?? null,
      maxBytes: retention.max_size ?? null,
      quarterDays: Math.ceil(retention.quarters / DAY_MS),
      sumDays: retention.days === undefined ? null : Math.ceil(retention.days / DAY_MS),
    },
  };
}
