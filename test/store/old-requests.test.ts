import { join } from 'node:path';
import fc from 'fast-check';
import Database from 'libsql';
import { expect, test } from 'vitest';
import { openLedgerSql } from '../../core/store/ledger-sql.js';
import { read, stored } from './reading.js';
import { anyOldRecord, settled } from './records.js';
import { tempDir } from './temp-dir.js';
import { version1 } from './version-1.js';

test('rows of version 1 become blocks, each record as it was', async () => {
  const dir = tempDir();
  let run = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(anyOldRecord, { selector: (record) => record.id, maxLength: 40 }),
      async (records) => {
        const path = join(dir, `${run++}.db`);
        version1(path, records);
        const db = await openLedgerSql({ kind: 'sqlite', path });
        expect(await stored(db)).toEqual(
          records.toSorted((a, b) => a.time - b.time || (a.id < b.id ? -1 : 1)),
        );
        expect(await db.all("SELECT name FROM sqlite_master WHERE name LIKE 'requests%'")).toEqual([]);
        await db.close();
      },
    ),
    { numRuns: 20 },
  );
});

test('sums of hours become sums of their first quarter, and a row whose detail cannot be read is kept without it', async () => {
  const path = join(tempDir(), 'x.db');
  version1(path, [settled({ id: 'a' }), settled({ id: 'b' })]);
  const old = new Database(path);
  old.exec("UPDATE requests SET detail = '[\"chat\"' WHERE id = 'a'");
  old.exec(
    "INSERT INTO usage_hourly VALUES (491000, 'k1', 'acme', 'm', 'openai', 'ci', 2, 1, 0, 10, 20, 3, 4, 5, 777)",
  );
  old.close();
  const db = await openLedgerSql({ kind: 'sqlite', path });
  expect(await stored(db)).toMatchObject([
    { id: 'a', customer: 'acme', costNano: 12_345, usage: null, attempts: [], format: '' },
    { id: 'b', customer: 'acme', format: 'openai-chat', attempts: [{ provider: 'openai' }] },
  ]);
  const query = { groupBy: ['key', 'customer', 'hour'], from: null, to: null, filter: {} } as const;
  const report = await read(db).usage.report({ ...query, timeZone: 'UTC', limit: 10, after: null });
  const hour = new Date(491_000 * 3_600_000).toISOString().replace('.000', '');
  expect(report.rows).toMatchObject([
    { group: ['k1', 'acme', hour], keyName: 'ci', sums: { requests: 2, errors: 1, costNano: 777n } },
  ]);
  await db.close();
});
