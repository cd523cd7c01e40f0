/**
 * `npm run bench:requests`: fills a ledger with a million records of a year, makes what they are searched by, and prints how long
 * searches of them take.
 *
 *   --records N        instead of a million
 *   --postgres URL     an empty database of Postgres beside SQLite
 *   --keep FOLDER      where the SQLite file is, and stays: a second run does not fill it again
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { requestJson } from '../core/admin/requests/request-json.js';
import { readRequestAsk } from '../core/admin/requests/request-query.js';
import { BlockData } from '../core/store/block-data.js';
import { type LedgerSql, openLedgerSql } from '../core/store/ledger-sql.js';
import { RequestSearch } from '../core/store/requests/request-search.js';
import { SegmentMaker } from '../core/store/requests/segment-maker.js';
import { sessionsIn } from '../core/store/requests/session-sums.js';
import type { StoreAddress } from '../core/store/sql/address.js';
import { fillLedger } from './fill-ledger.js';
import { describeMachine, machineLine } from './machine.js';

const UNTIL = Date.UTC(2026, 10, 1);
const FORMS: readonly (readonly [string, string])[] = [
  ['the latest', ''],
  ['one model', 'model=writer'],
  ['one customer of thousands', 'customer=customer-4711'],
  ['a customer that is not there', 'customer=nobody'],
  ['errors', 'status=5xx'],
  ['an error of one key', 'status=5xx&key=key_199'],
  ['a tag', 'tag=feature:voice'],
  ['dear ones', 'min_cost_usd=0.002'],
  ['none so dear', 'min_cost_usd=5'],
  ['slow ones of a provider', 'min_ms=1000&provider=anthropic'],
  ['a text in names', 'q=omer-4711'],
  ['a text that is nowhere', 'q=nowhere'],
  ['a session', 'session=session-123456'],
  ['a day of a team', 'team=team-3&from=2026-03-01&to=2026-03-02'],
  ['the oldest of a user', 'user=user-3&to=2025-11-10'],
];
const ROUNDS = 3;

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '1000000' },
    postgres: { type: 'string' },
    keep: { type: 'string' },
  },
});

/** Best of some rounds, after the first one. */
async function timed(work: () => Promise<number>): Promise<string> {
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
  const text = (ms: number): string => ms.toFixed(0).padStart(6);
  const first = `first ${text(times[0] as number)} ms, CPU ${text(cpus[0] as number)}`;
  return `${first}; then ${text(Math.min(...times))} ms, CPU ${text(Math.min(...cpus))}; ${rows} rows`;
}

async function measure(address: StoreAddress): Promise<void> {
  const db = await openLedgerSql(address);
  try {
    const [row = []] = await db.all("SELECT value FROM ledger_counts WHERE name = 'requests'");
    if (Number(row[0]) === 0)
      await fillLedger(db, {
        records: Number(values.records),
        customers: 5000,
        keys: 200,
        until: UNTIL,
        days: 365,
      });
    await makeSegments(db);
    // Nothing is remembered in the first round of each.
    for (const [name, query] of FORMS) {
      const search = new RequestSearch(db, new BlockData(() => {}));
      const { filter, range } = readRequestAsk(query, null);
      const line = await timed(async () => {
        const page = await search.page({ filter, ...range, limit: 50, after: null });
        JSON.stringify(page.records.map(requestJson));
        return page.records.length;
      });
      console.log(`${address.kind.padEnd(9)} ${name.padEnd(30)} ${line}`);
    }
    const search = new RequestSearch(db, new BlockData(() => {}));
    const ask = readRequestAsk('', null);
    const line = await timed(async () => (await sessionsIn(search, ask.range, ask.filter)).length);
    console.log(`${address.kind.padEnd(9)} ${'all sessions'.padEnd(30)} ${line}`);
  } finally {
    await db.close();
  }
}

async function makeSegments(db: LedgerSql): Promise<void> {
  const maker = new SegmentMaker(db, new BlockData(() => {}));
  const before = process.cpuUsage();
  const began = performance.now();
  while (await maker.step());
  const { user, system } = process.cpuUsage(before);
  const [sums = []] = await db.all(
    'SELECT (SELECT count(*) FROM request_segments), coalesce(sum(length(data)), 0) FROM request_columns',
  );
  const cpu = (user + system) / Number(values.records);
  console.log(
    `${String(sums[0])} segments, ${(Number(sums[1]) / 1e6).toFixed(1)} MB; made in ${((performance.now() - began) / 1000).toFixed(1)} s, ${cpu.toFixed(2)} us CPU a record`,
  );
}

console.log(machineLine(describeMachine()));
const folder = values.keep ?? mkdtempSync(join(tmpdir(), 'headgate-requests-'));
try {
  await measure({ kind: 'sqlite', path: join(folder, 'requests.db') });
} finally {
  if (values.keep === undefined) rmSync(folder, { recursive: true, force: true });
}
if (values.postgres !== undefined) await measure({ kind: 'postgres', url: values.postgres });
