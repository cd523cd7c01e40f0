import { afterAll, beforeAll, describe } from 'vitest';
import { type LedgerSql, openLedgerSql } from '../../core/store/ledger-sql.js';
import { inMemory } from './reading.js';
import { noPostgres, type RealPostgres, startPostgres } from './real-postgres.js';
import { billingSuite } from './suites/billing.js';
import { bodiesSuite } from './suites/bodies.js';
import { checkSuite } from './suites/check.js';
import { choresSuite } from './suites/chores.js';
import type { Database } from './suites/database.js';
import { keptSuite } from './suites/kept.js';
import { livesSuite } from './suites/lives.js';
import { searchSuite } from './suites/search.js';
import { storeSuite } from './suites/store.js';
import { tailSuite } from './suites/tail.js';
import { usageSuite } from './suites/usage.js';

const TABLES =
  'request_blocks, spool_position, usage_groups, usage_quarters, usage_days, usage_marks, usage_blocks, invoices, invoice_months, key_names, node_lives, node_usage, object_owners, answer_owners, kept_answers, kept_events, request_segments, request_columns, request_bodies, request_texts';

let server: RealPostgres | null = null;
let shared: LedgerSql | null = null;
beforeAll(async () => {
  if (noPostgres === null) server = await startPostgres();
});
afterAll(async () => {
  await shared?.close();
  await server?.stop();
});

const sqlite: Database = { open: inMemory, runs: 40 };

/** One database for all tests, emptied for each: making one takes longer than a test. */
const postgres: Database = {
  async open() {
    shared ??= await openLedgerSql({ kind: 'postgres', url: await server!.database() });
    await shared.run(`TRUNCATE ${TABLES} RESTART IDENTITY`);
    await shared.run('UPDATE ledger_counts SET value = 0');
    const { all, run, each, transaction, snapshot, kind } = shared;
    const to = shared;
    return {
      kind,
      all: all.bind(to),
      run: run.bind(to),
      each: each.bind(to),
      transaction: transaction.bind(to),
      snapshot: snapshot.bind(to),
      close: async () => {},
    };
  },
  runs: 12,
};

const kinds: [string, Database][] = [['SQLite', sqlite]];
if (noPostgres === null) kinds.push(['Postgres', postgres]);

describe.each(kinds)('a ledger in %s', (_, database) => {
  storeSuite(database);
  usageSuite(database);
  choresSuite(database);
  keptSuite(database);
  checkSuite(database);
  searchSuite(database);
  tailSuite(database);
  bodiesSuite(database);
  billingSuite(database);
  livesSuite(database);
});
