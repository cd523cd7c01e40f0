/**
 * `npm run bench:bodies`: fills a ledger with a million records of a year and keeps a prompt and an answer of each (100 words), and prints
 * how long searches for their words take, to the end of a page or of all records: the API ends a page sooner.
 *
 *   --records N        instead of a million
 *   --postgres         in a Postgres that is started for it, in the place of SQLite
 *   --postgres-url URL in an empty database of Postgres
 *   --keep FOLDER      where the SQLite file is, and stays: a second run does not fill it again
 */
import { parseArgs } from 'node:util';
import { requestJson } from '../core/admin/requests/request-json.js';
import { readRequestAsk } from '../core/admin/requests/request-query.js';
import { BlockData } from '../core/store/block-data.js';
import { BodyKeeper } from '../core/store/bodies/body-keeper.js';
import { BodyTexts } from '../core/store/bodies/body-texts.js';
import type { LedgerSql } from '../core/store/ledger-sql.js';
import { PATIENT, RequestSearch } from '../core/store/requests/request-search.js';
import { SegmentMaker } from '../core/store/requests/segment-maker.js';
import { bodiesOf, wordAt } from './body-texts.js';
import { LEDGER_FLAGS, ledgerOf, overFilledLedgers, recordsOf, timed } from './filled-ledger.js';

/** Taken in at a time: less than may wait. */
const TOGETHER = 512;
const LONG_MS = 600_000;

const FORMS: readonly (readonly [string, string])[] = [
  ['the most frequent word', `q=${wordAt(0)}`],
  ['a frequent word', `q=${wordAt(1000)}`],
  ['a seldom word', `q=${wordAt(45_000)}`],
  ['a word that is nowhere', 'q=nowhere'],
  ['two frequent words', `q=${wordAt(0)}+${wordAt(1)}`],
  ['four words', `q=${[0, 10, 100, 1000].map(wordAt).join('+')}`],
  ['a frequent and a seldom word', `q=${wordAt(0)}+${wordAt(45_000)}`],
  ['the most frequent word, a day', `q=${wordAt(0)}&from=2026-03-01&to=2026-03-02`],
  ['a seldom word, a month', `q=${wordAt(40_000)}&from=2026-03-01&to=2026-04-01`],
  ['a word and a customer', `q=${wordAt(10)}&customer=customer-4711`],
  ['a word and an error', `q=${wordAt(10)}&status=5xx`],
];

const { values } = parseArgs({
  options: {
    ...LEDGER_FLAGS,
  },
});

await overFilledLedgers('bodies', ledgerOf(values), async (db, kind) => {
  await keepBodies(db);
  const maker = new SegmentMaker(db, new BlockData(() => {}));
  while (await maker.step());
  for (const [name, query] of FORMS) {
    const search = new RequestSearch(db, new BlockData(() => {}), new BodyTexts(db), PATIENT);
    const { filter, range } = readRequestAsk(query, null);
    let more = '';
    const { first, best, rows } = await timed(async () => {
      const ask = { filter: { ...filter, bodiesWithin: null }, ...range, limit: 50, after: null };
      const page = await search.page(ask);
      JSON.stringify(page.records.map(requestJson));
      more = page.next === null ? '' : ', and more';
      return page.records.length;
    });
    console.log(
      `${kind.padEnd(9)} ${name.padEnd(30)} first ${text(first.ms)} ms, CPU ${text(first.cpu)}; then ${text(best.ms)} ms, CPU ${text(best.cpu)}; ${rows} rows${more}`,
    );
  }
});

/** As the gateway does, one after the other. */
async function keepBodies(db: LedgerSql): Promise<void> {
  const [row = []] = await db.all('SELECT count(*) FROM request_bodies');
  if (Number(row[0]) > 0) return;
  const keeper = new BodyKeeper({
    db,
    settings: {
      secrets: false,
      redact: [],
      folder: null,
      s3: null,
      earlierS3: [],
      keepMs: 1e12,
      maxBytes: 1e12,
    },
    hidden: (text) => text,
    onTrouble: (message, error) => {
      throw new Error(`${message}: ${String(error)}`);
    },
    onLeft: () => {},
    onWell: () => {},
  });
  const cpu = process.cpuUsage();
  const began = performance.now();
  let some = [];
  for (const one of bodiesOf(recordsOf({ records: Number(values.records), customers: 5000 }))) {
    if (some.push(one) < TOGETHER) continue;
    keeper.take(some);
    some = [];
    await keeper.drain(LONG_MS);
  }
  keeper.take(some);
  await keeper.drain(LONG_MS);
  await keeper.close();
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (performance.now() - began) / 1000;
  const each = (user + system) / Number(values.records);
  console.log(`kept their bodies in ${seconds.toFixed(0)} s, ${each.toFixed(0)} us CPU each`);
}

function text(ms: number): string {
  return ms.toFixed(0).padStart(6);
}
