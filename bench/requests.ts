/**
 * `npm run bench:requests`: fills a ledger with a million records of a year, makes what they are searched by, and prints how long
 * searches of them take, to the end of a page or of all records: the API ends a page sooner.
 *
 *   --records N        instead of a million
 *   --postgres         in a Postgres that is started for it, in the place of SQLite
 *   --postgres-url URL in an empty database of Postgres
 *   --exports          also of whole exports, and of their memory
 *   --keep FOLDER      where the SQLite file is, and stays: a second run does not fill it again
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { requestJson } from '../core/admin/requests/request-json.js';
import { readRequestAsk } from '../core/admin/requests/request-query.js';
import { BlockData } from '../core/store/block-data.js';
import { type Ledger, startLedger } from '../core/store/ledger.js';
import type { LedgerSql } from '../core/store/ledger-sql.js';
import { EXPORT_FORMATS, type ExportFormat } from '../core/store/requests/export-format.js';
import { EXPORT_PAGE } from '../core/store/requests/request-exports.js';
import { PATIENT, RequestSearch } from '../core/store/requests/request-search.js';
import { NO_FILTER } from '../core/store/requests/search-query.js';
import { SegmentMaker } from '../core/store/requests/segment-maker.js';
import { sessionsPage } from '../core/store/requests/session-pages.js';
import { LEDGER_FLAGS, ledgerOf, overFilledLedgers, timed, UNTIL } from './filled-ledger.js';

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

const SESSION_FORMS: readonly (readonly [string, string])[] = [
  ['sessions, the latest', ''],
  ['sessions of a customer', 'customer=customer-4711'],
  ['sessions with an error of a key', 'status=5xx&key=key_199'],
  ['sessions of nobody', 'customer=nobody'],
];

/** What an export takes of memory is told by quarters of it. */
const PARTS = 4;

const { values } = parseArgs({
  options: {
    ...LEDGER_FLAGS,
    exports: { type: 'boolean', default: false },
  },
});

await overFilledLedgers('requests', ledgerOf(values), async (db, kind, url) => {
  await makeSegments(db);
  const tell = async (name: string, work: () => Promise<number>): Promise<void> => {
    const { first, best, rows } = await timed(work);
    console.log(
      `${kind.padEnd(9)} ${name.padEnd(30)} first ${text(first.ms)} ms, CPU ${text(first.cpu)}; then ${text(best.ms)} ms, CPU ${text(best.cpu)}; ${rows} rows`,
    );
  };
  // Nothing is remembered in the first round of each.
  for (const [name, query] of FORMS) {
    const search = new RequestSearch(db, new BlockData(() => {}), null, PATIENT);
    const { filter, range } = readRequestAsk(query, null);
    await tell(name, async () => {
      const page = await search.page({ filter, ...range, limit: 50, after: null });
      JSON.stringify(page.records.map(requestJson));
      return page.records.length;
    });
  }
  for (const [name, query] of SESSION_FORMS) {
    const search = new RequestSearch(db, new BlockData(() => {}), null, PATIENT);
    const ask = readRequestAsk(query, null);
    await tell(
      name,
      async () => (await sessionsPage(search, { ...ask, limit: 50, after: null })).sessions.length,
    );
    const deep = { time: UNTIL - 180 * 86_400_000, id: '' };
    if (query === '')
      await tell('sessions, half a year back', async () => {
        const page = await sessionsPage(search, { ...ask, limit: 50, after: deep });
        return page.sessions.length;
      });
  }
  if (values.exports) await tellExports(kind, url);
});

/** All records as a file that nobody keeps, made by the ledger's own thread, and how much more memory the process took meanwhile. */
async function tellExports(kind: string, url: string): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'headgate-exports-'));
  const retention = { days: 36_500, maxRows: Number.MAX_SAFE_INTEGER };
  const ledger = await startLedger({ dataDir, url, retention, logLevel: 'silent' });
  try {
    for (const format of EXPORT_FORMATS) await tellExport(kind, ledger, format);
  } finally {
    await ledger.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function tellExport(kind: string, ledger: Ledger, format: ExportFormat): Promise<void> {
  const range = { from: 0, to: Date.now() };
  const pieces = Math.ceil(Number(values.records) / EXPORT_PAGE);
  const before = process.memoryUsage.rss();
  const cpu = process.cpuUsage();
  const began = performance.now();
  const { id } = (await ledger.requests('exportBegin', { filter: NO_FILTER, range, format })) as {
    id: string;
  };
  const most = Array<number>(PARTS).fill(Number.NEGATIVE_INFINITY);
  let bytes = 0;
  for (let i = 0; ; i++) {
    const piece = await ledger.requests('exportNext', { id });
    if (piece === null) break;
    bytes += piece.length;
    const part = Math.min(PARTS - 1, Math.floor((i * PARTS) / pieces));
    most[part] = Math.max(most[part] as number, process.memoryUsage.rss() - before);
  }
  await ledger.requests('exportEnd', { id });
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (performance.now() - began) / 1000;
  const more = most.map((one) => (one / 1e6).toFixed(0)).join(', ');
  console.log(
    `${kind.padEnd(9)} export as ${format.padEnd(20)} ${seconds.toFixed(1)} s, ${((user + system) / Number(values.records)).toFixed(1)} us CPU a record, ${(bytes / 1e6).toFixed(0)} MB; by quarters ${more} MB more memory`,
  );
}

function text(ms: number): string {
  return ms.toFixed(0).padStart(6);
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
