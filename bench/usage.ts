/**
 * `npm run bench:usage`: fills a ledger with a million records of a year and prints how long `/api/usage` takes for its forms.
 *
 *   --records N        instead of a million
 *   --customers N      instead of 5,000
 *   --only TEXT        only forms with this in their names
 *   --postgres URL     an empty database of Postgres beside SQLite
 *   --keep FOLDER      where the SQLite file is, and stays: a second run does not fill it again
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parseUsageQuery } from '../core/admin/usage-query.js';
import { usageCsv, usageJson } from '../core/admin/usage-text.js';
import { BlockData } from '../core/store/block-data.js';
import { openLedgerSql } from '../core/store/ledger-sql.js';
import { RequestReader } from '../core/store/request-reader.js';
import type { StoreAddress } from '../core/store/sql/address.js';
import { UsageBlocks } from '../core/store/usage-blocks.js';
import { UsageReader } from '../core/store/usage-reader.js';
import { fillLedger } from './fill-ledger.js';
import { describeMachine, machineLine } from './machine.js';

const UNTIL = Date.UTC(2026, 10, 1);
const MONTH = 'from=2026-09-01&to=2026-10-01';
const FORMS: readonly (readonly [string, string])[] = [
  ['the total', 'group_by='],
  ['by day', 'group_by=day'],
  ['by hour', 'group_by=hour'],
  ['by hour, a month', `group_by=hour&${MONTH}`],
  ['by day in Kolkata', 'group_by=day&time_zone=Asia/Kolkata'],
  ['by month in Berlin', 'group_by=month&time_zone=Europe/Berlin'],
  ['by key', 'group_by=key'],
  ['by customer', 'group_by=customer'],
  ['by customer, a month', `group_by=customer&${MONTH}`],
  ['by tag', 'group_by=tag'],
  ['by tag and model', 'group_by=tag,model'],
  ['by org, team, project, key', 'group_by=org,team,project,key'],
  ['by month, customer, model', 'group_by=month,customer,model'],
  ['by day and model', 'group_by=day,model'],
  ['by day and customer, a month', `group_by=day,customer&${MONTH}&limit=50000`],
  ['by hour and team, a month', `group_by=hour,team&${MONTH}`],
  ['one customer by day', 'group_by=day&customer=customer-7'],
  ['one customer by hour', 'group_by=hour&customer=customer-7'],
  ['one key by model', 'group_by=model&key=key_3'],
  ['one tag by day', 'group_by=day&tag=feature:reply'],
  ['a team by customer', 'group_by=customer&team=team-3'],
  ['by customer, CSV', 'group_by=customer&format=csv&limit=50000'],
  ['by day and key, CSV', 'group_by=day,key&format=csv&limit=50000'],
];
const ROUNDS = 3;

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '1000000' },
    customers: { type: 'string', default: '5000' },
    postgres: { type: 'string' },
    keep: { type: 'string' },
    only: { type: 'string', default: '' },
  },
});

async function measure(address: StoreAddress): Promise<void> {
  const db = await openLedgerSql(address);
  try {
    const [row = []] = await db.all("SELECT value FROM ledger_counts WHERE name = 'requests'");
    if (Number(row[0]) === 0)
      await fillLedger(db, {
        records: Number(values.records),
        customers: Number(values.customers),
        keys: 200,
        until: UNTIL,
        days: 365,
      });
    let made = 0;
    for (const table of ['usage_groups', 'usage_quarters', 'usage_days']) {
      const [count = []] = await db.all(`SELECT count(*) FROM ${table}`);
      console.log(`${table}: ${String(count[0])} rows`);
    }
    const blocks = new UsageBlocks(db);
    const began = performance.now();
    while (await blocks.step(UNTIL + 86_400_000)) made++;
    if (made > 0) console.log(`${made} blocks made in ${((performance.now() - began) / 1000).toFixed(1)} s`);
    const reader = new UsageReader(db, new RequestReader(db, new BlockData(() => {})));
    for (const [name, query] of FORMS.filter(([name]) => name.includes(values.only))) {
      const times: number[] = [];
      const cpus: number[] = [];
      let rows = 0;
      for (let i = 0; i < ROUNDS; i++) {
        const began = performance.now();
        const before = process.cpuUsage();
        const { format, ...asked } = parseUsageQuery(query);
        const found = await reader.report(asked);
        if (format === 'csv') usageCsv(found);
        else usageJson(found);
        times.push(performance.now() - began);
        const { user, system } = process.cpuUsage(before);
        cpus.push((user + system) / 1000);
        rows = found.rows.length;
      }
      const [first = 0] = times;
      const best = Math.min(...times);
      console.log(
        `${address.kind.padEnd(9)} ${name.padEnd(30)} first ${first.toFixed(0).padStart(6)} ms, best ${best.toFixed(0).padStart(6)} ms, CPU ${Math.min(
          ...cpus,
        )
          .toFixed(0)
          .padStart(5)} ms, ${rows} rows`,
      );
    }
  } finally {
    await db.close();
  }
}

console.log(machineLine(describeMachine()));
const folder = values.keep ?? mkdtempSync(join(tmpdir(), 'headgate-usage-'));
try {
  await measure({ kind: 'sqlite', path: join(folder, 'usage.db') });
} finally {
  if (values.keep === undefined) rmSync(folder, { recursive: true, force: true });
}
if (values.postgres !== undefined) await measure({ kind: 'postgres', url: values.postgres });
