import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openLedgerSql } from '../../core/store/ledger-sql.js';
import { LedgerStore } from '../../core/store/ledger-store.js';
import type { StoreAddress } from '../../core/store/sql/address.js';
import { UsageBlocks } from '../../core/store/usage-blocks.js';
import { EVERYTHING, read } from './reading.js';
import { noPostgres, type RealPostgres, startPostgres } from './real-postgres.js';
import { settled, taken } from './records.js';
import { tempDir } from './temp-dir.js';

let server: RealPostgres | null = null;
beforeAll(async () => {
  if (noPostgres === null) server = await startPostgres();
});
afterAll(() => server?.stop());

const kinds: [string, () => Promise<StoreAddress>][] = [
  ['SQLite', async () => ({ kind: 'sqlite', path: join(tempDir(), 'old.db') })],
];
if (noPostgres === null)
  kinds.push([
    'Postgres',
    async () => ({ kind: 'postgres', url: await (server as RealPostgres).database() }),
  ]);

/** What the steps after version 4 have made. */
const LATER = [
  ...['usage_marks', 'usage_blocks', 'invoices', 'invoice_months', 'node_lives', 'node_usage'],
  ...['request_segments', 'request_columns', 'request_bodies', 'request_texts', 'body_places'],
];

/** Version 4 had sums and no columns of them: what it had written must be in reports, before and after blocks are made. */
test.each(kinds)(
  'what a version without columns of sums has written is told, in %s',
  async (_, newAddress) => {
    const address = await newAddress();
    const old = await openLedgerSql(address);
    const hours = Array.from({ length: 30 }, (_, i) =>
      settled({ time: Date.UTC(2026, 0, 30) + i * 3_600_000, customer: `c${i % 3}`, costNano: i }),
    );
    await new LedgerStore(old).commit([taken(...hours)]);
    for (const table of LATER) await old.run(`DROP TABLE ${table}`);
    // Of the first day only its sum is left, as after retention.
    await old.run('DELETE FROM usage_quarters WHERE slot < ?', [Date.UTC(2026, 0, 31) / 900_000]);
    await old.run("UPDATE ledger_counts SET value = ? WHERE name = 'quarters_since_day'", [
      Date.UTC(2026, 0, 31) / 86_400_000,
    ]);
    await old.run("UPDATE headgate_schema SET version = 4 WHERE part = 'ledger'");
    await old.close();

    const db = await openLedgerSql(address);
    const report = () => read(db).usage.report({ ...EVERYTHING, groupBy: ['day', 'customer'] });
    const before = await report();
    expect(before.total).toMatchObject({ requests: 30, costNano: 435n });
    expect(before.rows).toHaveLength(6);
    const blocks = new UsageBlocks(db);
    while (await blocks.step(Date.UTC(2027, 0)));
    expect(await report()).toEqual(before);
    // What comes now is added.
    await new LedgerStore(db).commit([taken(settled({ time: Date.UTC(2026, 0, 30, 5), costNano: 1 }))]);
    expect((await report()).total).toMatchObject({ requests: 31, costNano: 436n });
    await db.close();
  },
);
