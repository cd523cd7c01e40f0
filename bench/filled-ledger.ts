import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SettledRecord } from '@headgate/sdk';
import { type LedgerSql, openLedgerSql } from '../core/store/ledger-sql.js';
import type { StoreAddress } from '../core/store/sql/address.js';
import { fillLedger } from './fill-ledger.js';
import { ledgerRecords } from './ledger-records.js';
import { describeMachine, machineLine } from './machine.js';
import { startPostgres } from './real-postgres.js';

/** The end of the year that the records are of. */
export const UNTIL = Date.UTC(2026, 10, 1);
const ROUNDS = 3;

export interface FilledLedgerOptions {
  readonly records: number;
  readonly customers: number;
  /** Postgres is measured in the place of SQLite: a server that is started for it, or an empty database at that URL. */
  readonly postgres: boolean;
  readonly postgresUrl: string | undefined;
  /** Folder that the SQLite file stays in, for the next time; undefined: it goes. */
  readonly keep: string | undefined;
}

const yearOf = (of: Pick<FilledLedgerOptions, 'records' | 'customers'>) =>
  ({ ...of, keys: 200, until: UNTIL, days: 365 }) as const;

/** The records that such a ledger is filled with. */
export function recordsOf(of: Pick<FilledLedgerOptions, 'records' | 'customers'>): Iterable<SettledRecord> {
  return ledgerRecords(yearOf(of));
}

/** Flags of those that measure one. */
export const LEDGER_FLAGS = {
  records: { type: 'string', default: '1000000' },
  customers: { type: 'string', default: '5000' },
  postgres: { type: 'boolean', default: false },
  'postgres-url': { type: 'string' },
  keep: { type: 'string' },
} as const;

/** What they say. */
export function ledgerOf(values: {
  readonly records: string;
  readonly customers: string;
  readonly postgres: boolean;
  readonly 'postgres-url'?: string | undefined;
  readonly keep?: string | undefined;
}): FilledLedgerOptions {
  const { records, customers, postgres, 'postgres-url': postgresUrl, keep } = values;
  return { records: Number(records), customers: Number(customers), postgres, postgresUrl, keep };
}

/** Measures a ledger with a year of records in SQLite, or in Postgres. */
export async function overFilledLedgers(
  name: string,
  { records, customers, postgres, postgresUrl, keep }: FilledLedgerOptions,
  measure: (db: LedgerSql, kind: StoreAddress['kind'], url: string) => Promise<void>,
): Promise<void> {
  const over = async (address: StoreAddress): Promise<void> => {
    const db = await openLedgerSql(address);
    try {
      const [row = []] = await db.all("SELECT value FROM ledger_counts WHERE name = 'requests'");
      if (Number(row[0]) === 0) await fillLedger(db, yearOf({ records, customers }));
      await measure(db, address.kind, address.kind === 'sqlite' ? `sqlite:${address.path}` : address.url);
    } finally {
      await db.close();
    }
  };
  console.log(machineLine(describeMachine()));
  if (postgresUrl !== undefined) return over({ kind: 'postgres', url: postgresUrl });
  if (postgres) {
    const server = await startPostgres();
    try {
      return await over({ kind: 'postgres', url: await server.database() });
    } finally {
      await server.stop();
    }
  }
  const folder = keep ?? mkdtempSync(join(tmpdir(), `headgate-${name}-`));
  try {
    await over({ kind: 'sqlite', path: join(folder, `${name}.db`) });
  } finally {
    if (keep === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

/** Milliseconds on the clock and of CPU: of the first round, in which nothing is remembered, and of the best. */
export interface Timed {
  readonly first: { readonly ms: number; readonly cpu: number };
  readonly best: { readonly ms: number; readonly cpu: number };
  readonly rows: number;
}

/** @param work resolves to how many rows it has found */
export async function timed(work: () => Promise<number>): Promise<Timed> {
  const times: number[] = [];
  const cpus: number[] = [];
  let rows = 0;
  for (let i = 0; i < ROUNDS; i++) {
    const before = process.cpuUsage();
    const began = performance.now();
    rows = await work();
    times.push(performance.now() - began);
    const { user, system } = process.cpuUsage(before);
    cpus.push((user + system) / 1000);
  }
  return {
    first: { ms: times[0] as number, cpu: cpus[0] as number },
    best: { ms: Math.min(...times), cpu: Math.min(...cpus) },
    rows,
  };
}
