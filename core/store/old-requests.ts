import { crc32 } from 'node:zlib';
import type { AttemptRecord, Operation, Outcome, SettledRecord, Usage } from '@headgate/sdk';
import { type Kysely, sql } from 'kysely';
import { batchOf, NEW_SINCE, NEW_SINCE_OF_ATTEMPTS } from './record-codec.js';

/** Rows moved at a time, at most; they become one block, and are of one day (UTC), which is what retention rounds to. */
const STEP = 1024;
const DAY_MS = 86_400_000;

type Row = Readonly<Record<string, unknown>>;

/** The table `requests` of version 1, a row a request: its rows become blocks, oldest first. */
export async function moveOldRequests(db: Kysely<unknown>): Promise<void> {
  await sql`DROP VIEW IF EXISTS requests_readable`.execute(db);
  const there = await sql`SELECT 1 FROM sqlite_master WHERE name = 'requests'`.execute(db);
  if (there.rows.length === 0) return;
  for (;;) {
    const found = await sql<Row>`SELECT * FROM requests ORDER BY time, id LIMIT ${STEP}`.execute(db);
    const rows = found.rows.filter((row) => dayOf(row) === dayOf(found.rows[0]!));
    const last = rows.at(-1);
    if (last === undefined) break;
    const { bytes, firstMs, lastMs, count } = batchOf(rows.map(recordOf));
    await sql`INSERT INTO request_blocks (first_ms, last_ms, records, checksum, data)
      VALUES (${firstMs}, ${lastMs}, ${count}, ${crc32(bytes)}, ${bytes})`.execute(db);
    await sql`UPDATE ledger_counts SET value = value + ${bytes.length} WHERE name = 'bytes'`.execute(db);
    await sql`DELETE FROM requests WHERE (time, id) <= (${last['time']}, ${last['id']})`.execute(db);
  }
  await sql`DROP TABLE requests`.execute(db);
}

function dayOf(row: Row): number {
  return Math.floor(Number(row['time']) / DAY_MS);
}

/** `detail` held, as a JSON array, what had no column of its own. What cannot be read of it is empty. */
function recordOf(row: Row): SettledRecord {
  const detail = list(parsed(row['detail']));
  const usage = detail[11];
  return {
    ...NEW_SINCE,
    id: text(row['id']),
    time: number(row['time']),
    operation: (text(detail[0]) || 'chat') as Operation,
    format: text(detail[1]),
    stream: detail[2] === true,
    keyId: text(row['key_id']),
    keyName: text(detail[3]),
    customer: text(row['customer']),
    session: text(detail[13]),
    tags: list(detail[14]).map(text),
    model: text(row['model']),
    provider: text(row['provider']),
    targetModel: text(detail[4]),
    status: number(row['status']),
    outcome: text(row['outcome']) as Outcome,
    error: text(detail[5]),
    usage: Array.isArray(usage) ? usageOf(usage) : null,
    costNano: numberOrNull(row['cost_nano']),
    attempts: list(detail[12]).map(attemptOf),
    totalMs: number(detail[7]),
    firstByteMs: numberOrNull(detail[8]),
    firstTokenMs: numberOrNull(detail[9]),
    overheadUs: number(detail[10]),
    cache: text(detail[6]),
  };
}

function usageOf(numbers: unknown[]): Usage {
  return {
    inputTokens: number(numbers[0]),
    outputTokens: number(numbers[1]),
    cacheReadTokens: number(numbers[2]),
    cacheWriteTokens: number(numbers[3]),
    cacheWriteLongTokens: number(numbers[4]),
    reasoningTokens: number(numbers[5]),
    inputAudioTokens: number(numbers[6]),
    outputAudioTokens: number(numbers[7]),
  };
}

function attemptOf(values: unknown): AttemptRecord {
  const [provider, model, key, status, error, ms] = list(values);
  return {
    provider: text(provider),
    model: text(model),
    key: text(key),
    status: number(status),
    error: typeof error === 'string' ? error : null,
    ms: number(ms),
    ...NEW_SINCE_OF_ATTEMPTS,
  };
}

function parsed(json: unknown): unknown {
  try {
    return JSON.parse(text(json));
  } catch {
    return null;
  }
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function number(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

function numberOrNull(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
