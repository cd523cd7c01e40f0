/**
 * `npm run bench:usage`: fills a ledger with a million records of a year and prints how long `/api/usage` takes for its forms.
 *
 *   --records N        instead of a million
 *   --customers N      instead of 5,000
 *   --only TEXT        only forms with this in their names
 *   --postgres         in a Postgres that is started for it, in the place of SQLite
 *   --postgres-url URL in an empty database of Postgres
 *   --keep FOLDER      where the SQLite file is, and stays: a second run does not fill it again
 */
import { parseArgs } from 'node:util';
import { parseUsageQuery } from '../core/admin/usage-query.js';
import { usageCsv, usageJson } from '../core/admin/usage-text.js';
import { BlockData } from '../core/store/block-data.js';
import { RequestReader } from '../core/store/request-reader.js';
import { UsageBlocks } from '../core/store/usage-blocks.js';
import { UsageReader } from '../core/store/usage-reader.js';
import { LEDGER_FLAGS, ledgerOf, overFilledLedgers, timed, UNTIL } from './filled-ledger.js';

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

const { values } = parseArgs({
  options: {
    ...LEDGER_FLAGS,
    only: { type: 'string', default: '' },
  },
});

await overFilledLedgers('usage', ledgerOf(values), async (db, kind) => {
  for (const table of ['usage_groups', 'usage_quarters', 'usage_days']) {
    const [count = []] = await db.all(`SELECT count(*) FROM ${table}`);
    console.log(`${table}: ${String(count[0])} rows`);
  }
  const blocks = new UsageBlocks(db);
  let made = 0;
  const began = performance.now();
  while (await blocks.step(UNTIL + 86_400_000)) made++;
  if (made > 0) console.log(`${made} blocks made in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  const reader = new UsageReader(db, new RequestReader(db, new BlockData(() => {})));
  const text = (ms: number, width: number): string => ms.toFixed(0).padStart(width);
  for (const [name, query] of FORMS.filter(([name]) => name.includes(values.only))) {
    const { first, best, rows } = await timed(async () => {
      const { format, ...asked } = parseUsageQuery(query);
      const found = await reader.report(asked);
      if (format === 'csv') usageCsv(found);
      else usageJson(found);
      return found.table.length;
    });
    console.log(
      `${kind.padEnd(9)} ${name.padEnd(30)} first ${text(first.ms, 6)} ms, best ${text(best.ms, 6)} ms, CPU ${text(best.cpu, 5)} ms, ${rows} rows`,
    );
  }
});
