import type { SettledRecord } from '@headgate/sdk';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BlockData } from '../../../core/store/block-data.js';
import { BlockMerger } from '../../../core/store/block-merger.js';
import type { LedgerSql } from '../../../core/store/ledger-sql.js';
import { LedgerStore } from '../../../core/store/ledger-store.js';
import { PATIENT, RequestSearch } from '../../../core/store/requests/request-search.js';
import {
  NO_FILTER,
  type SearchFilter,
  type SearchPage,
  type SearchPlace,
} from '../../../core/store/requests/search-query.js';
import { SegmentMaker } from '../../../core/store/requests/segment-maker.js';
import { sessionOf, sessionsPage } from '../../../core/store/requests/session-pages.js';
import type { SessionSums } from '../../../core/store/requests/session-sums.js';
import { BlockRetention } from '../../../core/store/retention.js';
import { anyRecord, settled, taken } from '../records.js';
import type { Database } from './database.js';

const DAY = 86_400_000;
const NOON = Date.UTC(2026, 0, 31, 12);
/** Between requests that go on from one another: clocks differ by less. */
const STEP = 600_000;
const EVER = { from: 0, to: Number.MAX_SAFE_INTEGER };

/** What every database of a ledger is searched like. */
export function searchSuite({ open, runs }: Database): void {
  const start = async (
    batches: readonly (readonly SettledRecord[])[],
    segment = 200,
    patience = Number.POSITIVE_INFINITY,
  ) => {
    const db = await open();
    await new LedgerStore(db).commit(batches.map((records) => taken(...records)));
    const data = new BlockData(() => {});
    const maker = new SegmentMaker(db, data, segment);
    // From block to block, as it goes on over hundreds of them.
    const search = new RequestSearch(db, data, null, { ...PATIENT, fewBlocks: 1, patienceMs: patience });
    return { db, data, search, segments: () => makeAll(db, maker) };
  };
  const all = async (
    search: RequestSearch,
    filter: Partial<SearchFilter>,
    limit = 1000,
    range = EVER,
  ): Promise<SettledRecord[]> => {
    const found: SettledRecord[] = [];
    for (let after: SearchPlace | null = null; ; ) {
      const page: SearchPage = await search.page({
        filter: { ...NO_FILTER, ...filter },
        ...range,
        limit,
        after,
      });
      found.push(...page.records);
      if (page.next === null) return found;
      expect(page.records).toHaveLength(limit);
      after = page.next;
    }
  };
  /** Full blocks of records a second apart, every tenth of them of another sort. */
  const blocks = (count: number, size = 64): SettledRecord[][] =>
    Array.from({ length: count }, (_, block) =>
      Array.from({ length: size }, (_, i) =>
        settled({
          time: NOON + (block * size + i) * 1000,
          customer: i % 10 === 3 ? 'rare' : 'acme',
          costNano: i * 1_000_000,
          status: i % 7 === 0 ? 502 : 200,
          outcome: i % 7 === 0 ? 'error' : 'ok',
          errorMessage: i % 7 === 0 ? `Provider "openai" failed in case ${block}-${i}` : '',
          tags: i % 5 === 0 ? ['night', 'eu'] : [],
          stream: i % 2 === 0,
        }),
      ),
    );

  test('whatever is asked for, every record that fits is found once and in order, in blocks and in segments', async () => {
    const size = fc.constantFrom(1, 63, 64, 70);
    const batch = size.chain((length) => fc.array(anyRecord, { minLength: length, maxLength: length }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(batch, { minLength: 1, maxLength: 5 }),
        anyFilter,
        fc.constantFrom(3, 7, 500),
        async (given, filter, limit) => {
          let count = 0;
          const batches = given.map((records) =>
            records.map((record) => ({ ...record, id: `req_${String(count++).padStart(6, '0')}` })),
          );
          const { search, segments, db } = await start(batches, 100);
          await segments();
          const wanted = batches
            .flat()
            .filter((record) => fits(record, filter))
            .sort(newest);
          expect(ids(await all(search, filter, limit))).toEqual(ids(wanted));
          await db.close();
        },
      ),
      { numRuns: runs },
    );
  });

  test('a page ends anywhere, also among records of one millisecond', async () => {
    const batch = Array.from({ length: 90 }, (_, i) => settled({ time: NOON + (i < 80 ? 0 : i) }));
    const { search, segments } = await start([batch], 64);
    const wanted = ids([...batch].sort(newest));
    expect(ids(await all(search, {}, 7))).toEqual(wanted);
    await segments();
    expect(ids(await all(search, {}, 7))).toEqual(wanted);
  });

  test('a page that would take too long ends before it is full, and the next goes on from there', async () => {
    const batches = blocks(12);
    const { search, segments } = await start(batches, 200, -1);
    await segments();
    const rare = { ...NO_FILTER, values: { customer: ['rare'] } };
    const found: SettledRecord[] = [];
    let pages = 0;
    for (let after: SearchPlace | null = null; ; pages++) {
      const page: SearchPage = await search.page({ filter: rare, ...EVER, limit: 40, after });
      expect(page.records.length).toBeLessThan(40);
      found.push(...page.records);
      if (page.next === null) break;
      after = page.next;
    }
    expect(pages).toBeGreaterThan(1);
    const wanted = batches.flat().filter(({ customer }) => customer === 'rare');
    expect(ids(found)).toEqual(ids(wanted.sort(newest)));
  });

  test('texts are found in names, words of errors and tags, in whatever case', async () => {
    const { search, segments } = await start(blocks(8));
    await segments();
    expect(await all(search, { text: 'CASE 3-7' })).toHaveLength(1);
    expect(await all(search, { text: 'nigh' })).toHaveLength(8 * 13);
    expect(await all(search, { text: 'nowhere to be found' })).toEqual([]);
  });

  test('what is deleted is found no longer, and a segment without blocks goes too', async () => {
    const batches = blocks(8);
    const { db, data, search, segments } = await start(batches);
    const made = await segments();
    expect(made).toBe(2);
    const limits = { days: 1e5, maxRows: 64 * 3, maxBytes: Number.POSITIVE_INFINITY };
    const retention = new BlockRetention(db, limits);
    while (await retention.step(NOON + DAY));
    expect(await all(search, {})).toHaveLength(64 * 3);
    await segments();
    expect(
      await new RequestSearch(db, data).page({ filter: NO_FILTER, ...EVER, limit: 1000, after: null }),
    ).toMatchObject({
      next: null,
      records: { length: 64 * 3 },
    });
    expect(await countSegments(db)).toBe(1);
  });

  test('what is merged while somebody searches is found all the same', async () => {
    const small = Array.from({ length: 60 }, (_, i) => [
      settled({ time: NOON + i * 1000, customer: 'small' }),
    ]);
    const { db, data, search } = await start(small);
    expect(await all(search, { values: { customer: ['small'] } })).toHaveLength(60);
    while (await new BlockMerger(db, data).step(NOON + 2 * DAY));
    expect(await all(search, { values: { customer: ['small'] } })).toHaveLength(60);
  });

  test('a record is found by its id, in a block and in a segment', async () => {
    const batches = blocks(4);
    const { search, segments } = await start(batches);
    const wanted = batches[2]?.[5] as SettledRecord;
    const near = { from: wanted.time - 5000, to: wanted.time + 5000 };
    expect(await search.find(wanted.id, near)).toEqual(wanted);
    await segments();
    expect(await search.find(wanted.id, near)).toEqual(wanted);
    expect(await search.find('req_none', near)).toBeNull();
  });

  test('requests of one conversation are put together, by their session or by what they go on from', async () => {
    const at = (second: number, more: Partial<SettledRecord>): SettledRecord =>
      settled({ time: NOON + second * 1000, costNano: 10, ...more });
    const chain = [
      at(1, { answerId: 'resp_1' }),
      at(2, { answerId: 'resp_2', continues: 'resp_1', outcome: 'error' }),
      at(4, { answerId: 'resp_3', continues: 'resp_2', model: 'fast' }),
    ];
    const named = [at(3, { session: 'ticket 7' }), at(6, { session: 'ticket 7', user: 'ada' })];
    const alone = [at(5, { answerId: 'resp_9' }), at(7, {})];
    const { search } = await start([[...chain, ...named, ...alone]]);
    const { sessions, next } = await sessionsPage(search, {
      range: EVER,
      filter: NO_FILTER,
      limit: 10,
      after: null,
    });
    expect(next).toBeNull();
    expect(sessions).toMatchObject([
      { id: 'ticket 7', requests: 2, users: ['ada'], firstMs: NOON + 3000, lastMs: NOON + 6000 },
      { id: 'resp_1', requests: 3, errors: 1, costNano: 30, models: ['support', 'fast'] },
    ]);
    const ask = { range: EVER, filter: NO_FILTER, most: 2 };
    for (const id of ['resp_1', 'resp_3']) {
      const found = await sessionOf(search, id, ask);
      expect(found?.sums).toEqual(sessions[1]);
      expect(ids(await search.fetch(found?.places ?? []))).toEqual(ids([...chain].reverse().slice(0, 2)));
    }
    expect(await sessionOf(search, 'resp_9', ask)).toBeNull();
  });

  test('a conversation of two branches is told once, also when they are come across one after the other', async () => {
    const at = (minute: number, answerId: string, continues: string): SettledRecord =>
      settled({ time: NOON + minute * 60_000, answerId, continues });
    const lone = [5, 6, 7].map((minute) => at(minute, '', `gone_${minute}`));
    const root = [at(1, 'x', ''), at(2, 'b', 'x'), at(3, 'a', 'x')];
    const { search } = await start([[...root, ...lone, at(9, 'c', 'b')]]);
    const page = await sessionsPage(search, { range: EVER, filter: NO_FILTER, limit: 1, after: null });
    expect(page).toMatchObject({ sessions: [{ id: 'x', requests: 4 }], next: null });
  });

  test('every conversation is told once, whole and in order, whatever a page has room for', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyConversations,
        fc.constantFrom(1, 3, 50),
        fc.boolean(),
        fc.constantFrom(3, 1e5),
        fc.constantFrom(70, 5, 1),
        async (all, limit, some, most, size) => {
          // As one segment and what came later, or as many small blocks.
          const ends =
            size === 70 ? [0, 70, 75, 90] : Array.from({ length: 90 / size + 1 }, (_, i) => i * size);
          const batches = ends
            .map((end, i) => all.slice(end, ends[i + 1]))
            .filter(({ length }) => length > 0);
          const { search, segments, db } = await start(batches, 64);
          await segments();
          const filter = some ? { ...NO_FILTER, values: { customer: ['acme'] } } : NO_FILTER;
          const range = { from: NOON + 2 * STEP, to: NOON + 60 * STEP };
          const fit = all.filter(
            ({ time, customer }) => time >= range.from && time < range.to && (!some || customer === 'acme'),
          );
          const told: SessionSums[] = [];
          for (let after: SearchPlace | null = null; ; ) {
            const page = await sessionsPage(search, { range, filter, limit, after }, most);
            told.push(...page.sessions);
            if (page.next === null) break;
            // A page that can remember no more ends before it is full, and says that there is more.
            expect(page.sessions.length).toBeLessThanOrEqual(limit);
            if (most > all.length) expect(page.sessions).toHaveLength(limit);
            after = page.next;
          }
          expect(
            told
              .map(({ lastMs, firstMs, requests, costNano }) => [lastMs, firstMs, requests, costNano])
              .sort(),
          ).toEqual(conversationsIn(fit).sort());
          const order = told.map(({ lastMs, id }) => `${lastMs} ${id}`);
          expect(order).toEqual(order.toSorted().reverse());
          expect(new Set(told.map(({ id }) => id)).size).toBe(told.length);
          await db.close();
        },
      ),
      { numRuns: runs },
    );
  });
}

/** Requests some minutes apart, or at once; each goes on from an earlier one, from none or from what is not there. */
const anyConversations: fc.Arbitrary<SettledRecord[]> = fc
  .array(
    fc.record({
      session: fc.constantFrom(...Array<string>(20).fill(''), 's1', 's2', 's3'),
      answer: fc.constantFrom(true, true, true, false),
      // So many before it, or one that is not there.
      before: fc.oneof(
        { weight: 3, arbitrary: fc.constant('') },
        { weight: 6, arbitrary: fc.integer({ min: 1, max: 9 }) },
        { weight: 1, arbitrary: fc.constantFrom('conv_1', 'resp_gone') },
      ),
      later: fc.constantFrom(0, 1, 1),
      acme: fc.boolean(),
    }),
    { minLength: 1, maxLength: 90 },
  )
  .map((drafts) => {
    let time = NOON;
    return drafts.map(({ session, answer, before, later, acme }, i) => {
      time += later * STEP;
      const earlier = typeof before === 'string' ? before : before > i ? '' : `resp_${i - before}`;
      return settled({
        id: `req_${String(i).padStart(6, '0')}`,
        time,
        session,
        customer: acme ? 'acme' : '',
        costNano: 2 ** (i % 40),
        answerId: answer ? `resp_${i}` : '',
        continues: earlier,
      });
    });
  });

/** The same in the plainest way: first everything alone, then joined by each name that two have in common. */
function conversationsIn(records: readonly SettledRecord[]): number[][] {
  let groups = records.map((one) => [one]);
  const names = (one: SettledRecord): string[] =>
    [one.session && `s ${one.session}`, one.answerId, one.continues].filter((name) => name !== '');
  for (const name of new Set(records.flatMap(names))) {
    const has = (group: readonly SettledRecord[]): boolean => group.some((one) => names(one).includes(name));
    groups = [...groups.filter((group) => !has(group)), groups.filter(has).flat()];
  }
  return groups
    .filter((group) => group.length > 1 || group[0]?.session !== '')
    .filter((group) => group.length > 0)
    .map((group) => {
      const times = group.map(({ time }) => time);
      const cost = group.reduce((sum, { costNano }) => sum + (costNano ?? 0), 0);
      return [Math.max(...times), Math.min(...times), group.length, cost];
    });
}

async function makeAll(db: LedgerSql, maker: SegmentMaker): Promise<number> {
  while (await maker.step());
  return countSegments(db);
}

async function countSegments(db: LedgerSql): Promise<number> {
  return Number((await db.all('SELECT count(*) FROM request_segments'))[0]?.[0]);
}

const anyFilter: fc.Arbitrary<Partial<SearchFilter>> = fc.oneof(
  fc.constant({}),
  fc.record({ values: fc.record({ customer: fc.constantFrom(['acme'], ['b', ''], ['none']) }) }),
  fc.record({
    values: fc.record({ keyId: fc.constantFrom(['k1'], ['ci'], ['k2', 'k1']), stream: fc.constant([true]) }),
  }),
  fc.record({ values: fc.record({ tags: fc.constantFrom(['acme'], ['']) }) }),
  fc.record({
    ranges: fc.record({
      status: fc.constant([{ least: 400, most: 599 }]),
      costNano: fc.constant([{ least: 1, most: 1e9 }]),
    }),
  }),
  fc.record({ text: fc.constantFrom('ACM', 'failed', 'limit') }),
  fc.record({
    within: fc.constantFrom(
      { org: ['acme'], team: ['support'], user: [] },
      { org: [], team: [], user: ['b'] },
    ),
  }),
);

/** The same as the search, said in the plainest way. */
function fits(
  record: SettledRecord,
  { values = {}, ranges = {}, text = '', within = null }: Partial<SearchFilter>,
): boolean {
  for (const [field, wanted] of Object.entries(values)) {
    const is = record[field as keyof SettledRecord];
    if (field === 'keyId') {
      if (!wanted.includes(record.keyId) && !(record.keyName !== '' && wanted.includes(record.keyName)))
        return false;
    } else if (field === 'tags') {
      const tags = record.tags.join('\n').split('\n');
      if (!tags.some((tag) => wanted.includes(tag))) return false;
    } else if (!wanted.includes(is as string)) return false;
  }
  for (const [field, wanted] of Object.entries(ranges)) {
    const is = record[field as 'status' | 'costNano'];
    if (is === null || !wanted.some(({ least, most }) => is >= least && is <= most)) return false;
  }
  if (
    within !== null &&
    !(['org', 'team', 'user'] as const).some((one) => record[one] !== '' && within[one].includes(record[one]))
  )
    return false;
  if (text === '') return true;
  const texts = [
    ...[record.keyId, record.keyName, record.org, record.team, record.project, record.user, record.customer],
    ...[record.session, record.model, record.provider, record.targetModel, record.operation, record.format],
    ...[record.outcome, record.error, record.errorMessage, record.finish, record.answerId, record.continues],
    ...record.tags,
    ...record.tools,
  ];
  return texts.some((one) => one.toLowerCase().includes(text.toLowerCase()));
}

function newest(a: SettledRecord, b: SettledRecord): number {
  return b.time - a.time || (a.id < b.id ? 1 : -1);
}

function ids(records: readonly SettledRecord[]): string[] {
  return records.map(({ id }) => id);
}
