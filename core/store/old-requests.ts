import type { AttemptRecord, Operation, Outcome, SettledRecord, Usage } from '@headgate/sdk';
import type { Sqlite } from './open-database.js';
import { batchOf } from './record-codec.js';
import { RequestBlocks } from './request-blocks.js';
import { inTransaction } from './transaction.js';

/** Rows moved at a time, at most; they become one block, and are of one day (UTC), which is what retention rounds to. */
const STEP = 1024;
const DAY_MS = 86_400_000;

const COLUMNS = 'time, id, key_id, customer, model, provider, status, outcome, cost_nano, detail';

/**
 * The table `requests` of version 1, a row a request. Its rows become blocks a step at a time, oldest first, while the
 * gateway serves; a step is one transaction, so it may end at any moment. The empty table is dropped.
 */
export class OldRequests {
  private readonly blocks: RequestBlocks;
  private there: boolean;

  constructor(private readonly db: Sqlite) {
    this.blocks = new RequestBlocks(db);
    this.there = db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'requests'").get() !== undefined;
  }

  /** Whether there are rows that have not been moved. */
  get left(): boolean {
    return this.there;
  }

  /** Moves some; true when there may be more. Throws when the database refuses. */
  step(): boolean {
    if (!this.there) return false;
    const { db } = this;
    const query = `SELECT ${COLUMNS} FROM requests ORDER BY time, id LIMIT ${STEP}`;
    const found = db.prepare(query).raw().all([]) as unknown[][];
    const rows = found.filter((row) => dayOf(row) === dayOf(found[0]!));
    const last = rows.at(-1);
    if (last === undefined) {
      db.exec('DROP TABLE requests');
      this.there = false;
      return false;
    }
    const batch = batchOf(rows.map(recordOf));
    inTransaction(db, () => {
      this.blocks.insert(batch);
      db.prepare('DELETE FROM requests WHERE (time, id) <= (?, ?)').run([last[0], last[1]]);
    });
    return true;
  }

  /** Nano-dollars that a key spent on requests that have not been moved. */
  spent(keyId: string, from: number, to: number): number {
    if (!this.there) return 0;
    const sum = 'SELECT sum(cost_nano) FROM requests WHERE time >= ? AND time < ? AND key_id = ?';
    const row = this.db.prepare(sum).raw().get([from, to, keyId]) as unknown[] | undefined;
    return Number(row?.[0] ?? 0);
  }
}

function dayOf(row: readonly unknown[]): number {
  return Math.floor(Number(row[0]) / DAY_MS);
}

/** `detail` held, as a JSON array, what had no column of its own. What cannot be read of it is empty. */
function recordOf(row: unknown[]): SettledRecord {
  const detail = list(parsed(row[9]));
  const usage = detail[11];
  return {
    id: text(row[1]),
    time: number(row[0]),
    operation: (text(detail[0]) || 'chat') as Operation,
    format: text(detail[1]),
    stream: detail[2] === true,
    keyId: text(row[2]),
    keyName: text(detail[3]),
    org: '',
    team: '',
    project: '',
    user: '',
    customer: text(row[3]),
    session: text(detail[13]),
    tags: list(detail[14]).map(text),
    model: text(row[4]),
    provider: text(row[5]),
    targetModel: text(detail[4]),
    status: number(row[6]),
    outcome: text(row[7]) as Outcome,
    error: text(detail[5]),
    usage: Array.isArray(usage) ? usageOf(usage) : null,
    costNano: numberOrNull(row[8]),
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
