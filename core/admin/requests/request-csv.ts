import type { SettledRecord } from '@headgate/sdk';
import { usdText } from '../../money.js';
import { csv, type Field } from '../csv.js';
import { iso } from '../entity-text.js';

const COLUMNS: Readonly<Record<string, (record: SettledRecord) => Field | null>> = {
  id: (r) => r.id,
  time: (r) => iso(r.time),
  operation: (r) => r.operation,
  endpoint: (r) => r.format,
  stream: (r) => String(r.stream),
  status: (r) => r.status,
  outcome: (r) => r.outcome,
  error: (r) => r.error,
  error_message: (r) => r.errorMessage,
  key: (r) => r.keyId,
  key_name: (r) => r.keyName,
  org: (r) => r.org,
  team: (r) => r.team,
  project: (r) => r.project,
  user: (r) => r.user,
  customer: (r) => r.customer,
  session: (r) => r.session,
  tags: (r) => r.tags.join(' '),
  model: (r) => r.model,
  provider: (r) => r.provider,
  upstream_model: (r) => r.targetModel,
  attempts: (r) => r.attempts.length,
  cache: (r) => r.cache,
  finish: (r) => r.finish,
  tools: (r) => r.tools.join(' '),
  input_tokens: (r) => r.usage?.inputTokens ?? null,
  output_tokens: (r) => r.usage?.outputTokens ?? null,
  cache_read_tokens: (r) => r.usage?.cacheReadTokens ?? null,
  reasoning_tokens: (r) => r.usage?.reasoningTokens ?? null,
  cost_usd: (r) => (r.costNano === null ? null : usdText(r.costNano)),
  total_ms: (r) => r.totalMs,
  first_byte_ms: (r) => r.firstByteMs,
  first_token_ms: (r) => r.firstTokenMs,
  overhead_us: (r) => r.overheadUs,
};

/** A line for each request; what is not known is empty. */
export function requestsCsv(records: readonly SettledRecord[]): string {
  const columns = Object.values(COLUMNS);
  return csv(
    Object.keys(COLUMNS),
    records.map((record) => columns.map((of) => of(record) ?? '')),
  );
}
