import { readdirSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { BodyKeeping, TakenBodies } from '../../../core/observe/bodies/body-settings.js';
import { BodyKeeper } from '../../../core/store/bodies/body-keeper.js';
import type { LedgerSql } from '../../../core/store/ledger-sql.js';
import { type FakeS3, startS3 } from '../fake-s3.js';
import { tempDir } from '../temp-dir.js';
import type { Database } from './database.js';

const NOON = Date.UTC(2026, 0, 31, 12);
const DAY = 86_400_000;
const WAIT = 20_000;

let count = 0;
function body(time: number, text = 'Where is my parcel?', answer = 'On its way.'): TakenBodies {
  const side = (content: string) => {
    const bytes = Uint8Array.from(Buffer.from(JSON.stringify({ content })));
    return { text: bytes, type: 'application/json', bytes: bytes.length, whole: false };
  };
  return {
    id: `req_${String(count++).padStart(6, '0')}`,
    time,
    keyId: '',
    method: 'POST',
    path: '/v1/chat/completions',
    query: '',
    headers: [],
    status: 200,
    request: side(text),
    answer: side(answer),
  };
}

type Where = 'the store' | 'files' | 'S3';

/** What every database of a ledger keeps bodies like. */
export function bodiesSuite({ open }: Database): void {
  const start = async (where: Where, over: Partial<BodyKeeping> = {}, db?: LedgerSql) => {
    const folder = where === 'files' ? (over.folder ?? join(tempDir(), 'bodies')) : null;
    const storage = where === 'S3' && over.s3 === undefined ? await startS3() : null;
    if (storage !== null) onTestFinished(() => storage.close());
    const clock = { now: NOON };
    const told: string[] = [];
    const settings: BodyKeeping = {
      secrets: true,
      redact: [],
      s3: storage?.settings ?? null,
      earlierS3: [],
      keepMs: 30 * DAY,
      maxBytes: 1e9,
      ...over,
      folder,
    };
    const sql = db ?? (await open());
    const keeper = new BodyKeeper({
      db: sql,
      settings,
      hidden: (text) => text,
      onTrouble: (message, error) => void told.push(`${message}: ${String(error)}`),
      onLeft: (message) => void told.push(message),
      onWell: () => void told.push('well'),
      now: () => clock.now,
    });
    onTestFinished(async () => {
      await keeper.close(0);
      if (db === undefined) await sql.close();
    });
    const keep = async (...bodies: TakenBodies[]): Promise<void> => {
      keeper.take(bodies);
      expect(await keeper.drain(WAIT)).toBe(true);
    };
    const clean = async (now = clock.now): Promise<void> => {
      while (await keeper.expire(now));
    };
    const left = async (): Promise<string[]> =>
      (await sql.all('SELECT id FROM request_bodies ORDER BY id')).map(([id]) => String(id));
    return {
      keeper,
      db: sql,
      clock,
      told,
      keep,
      clean,
      left,
      folder: folder ?? '',
      storage: storage as FakeS3,
    };
  };

  describe.each<Where>(['the store', 'files', 'S3'])('bodies in %s', (where) => {
    test('go when they are as old as they may get, to the millisecond, and nothing of them stays anywhere', async () => {
      const { keeper, keep, clean, left, folder, storage, db } = await start(where, { keepMs: DAY });
      const [old, edge, young] = [body(NOON - 1), body(NOON), body(NOON + 1)];
      await keep(old, edge, young);
      expect((await keeper.find(old.id))?.request.text).toContain('parcel');
      await clean(NOON + DAY - 2);
      expect(await left()).toEqual([old.id, edge.id, young.id]);
      await clean(NOON + DAY);
      expect(await left()).toEqual([young.id]);
      expect((await keeper.find(young.id))?.request.text).toContain('parcel');
      if (where === 'S3') expect([...storage.objects.keys()].join()).toContain(young.id);
      await clean(NOON + DAY + 1);
      expect(await left()).toEqual([]);
      expect(await keeper.find(young.id)).toBeNull();
      expect(Number((await db.all('SELECT count(*) FROM request_texts'))[0]?.[0])).toBe(0);
      if (where === 'files') expect(readdirSync(folder)).toEqual([]);
      if (where === 'S3') expect(storage.objects.size).toBe(0);
      // What comes then has a place of its own.
      const later = body(NOON + DAY + 2);
      await keep(later);
      expect((await keeper.find(later.id))?.answer.text).toContain('On its way');
    });

    test('beyond the bytes go as they came, those of a clock that was ahead not later than others', async () => {
      const started = await start(where);
      const size = async (): Promise<number> =>
        Number((await started.db.all('SELECT sum(bytes) FROM request_bodies'))[0]?.[0]);
      const ahead = body(NOON + 3650 * DAY);
      await started.keep(ahead);
      const one = await size();
      const others = Array.from({ length: 450 }, (_, i) => body(NOON - i));
      await started.keep(...others);
      const each = ((await size()) - one) / 450;
      // As many bytes as 50 of them take.
      const again = await start(
        where,
        {
          maxBytes: Math.round(50 * each),
          ...(where === 'files' && { folder: started.folder }),
          ...(where === 'S3' && { s3: started.storage.settings }),
        },
        started.db,
      );
      await again.clean();
      const kept = await again.left();
      expect(kept).not.toContain(ahead.id);
      expect(await size()).toBeLessThanOrEqual(Math.round(50 * each));
      expect(kept.length).toBeGreaterThanOrEqual(49);
      // The last that came are those that stay.
      expect(kept).toEqual(others.slice(-kept.length).map(({ id }) => id));
    });

    test('are found by words in whatever script, accent and case, e-mail addresses and numbers among them', async () => {
      const { keeper, keep } = await start(where);
      const found = async (q: string): Promise<string[]> =>
        [...(await keeper.index.matches(q, { from: 0, to: Number.MAX_SAFE_INTEGER })).ids].sort();
      // Postgres takes an address, a URL or a fraction for one word, and SQLite for several: a part of one was found in SQLite alone.
      const mixed = body(
        NOON,
        'Write to ada@example.com, see https://www.example.org/a/b?c=1, pay 3.14 or -5',
      );
      const cafe = body(NOON, 'Un Café crème à Besançon');
      const russian = body(NOON, 'Где моя ПОСЫЛКА?');
      const chinese = body(NOON, '我的包裹在哪里');
      const odd = body(NOON, `O'Neil's "AND" OR (NOT) ' & | ! : * \\ ${'x'.repeat(5000)} \u{1e4d0}\u{1e4d1}`);
      const empty = body(NOON, '', '');
      await keep(mixed, cafe, russian, chinese, odd, empty);
      expect(await found('example')).toEqual([mixed.id]);
      // In a short time, too.
      const near = await keeper.index.matches('example', { from: NOON, to: NOON + 1 });
      expect([...near.ids]).toEqual([mixed.id]);
      expect((await keeper.index.matches('example', { from: NOON + 1, to: NOON + 2 })).ids.size).toBe(0);
      expect(await found('ada@example.com')).toEqual([mixed.id]);
      expect(await found('3.14')).toEqual([mixed.id]);
      expect(await found('14 org')).toEqual([mixed.id]);
      expect(await found('cafe CREME')).toEqual([cafe.id]);
      expect(await found('Cafe\u0301')).toEqual([cafe.id]);
      expect(await found('посылка')).toEqual([russian.id]);
      expect(await found('包裹')).toEqual([chinese.id]);
      expect(await found("o'neil's and or not")).toEqual([odd.id]);
      expect(await found('\u{1e4d0}\u{1e4d1}')).toEqual([odd.id]);
      expect(await found("') OR 1=1 --")).toEqual([mixed.id]);
      expect(await found("'); DROP TABLE request_bodies; --")).toEqual([]);
      expect(await found('% _ *')).toEqual([]);
      expect(await found('parc%')).toEqual([]);
      expect(await found('x'.repeat(200))).toEqual([odd.id]);
    });
  });

  test('what a killed process left of bodies is never read and goes', async () => {
    const { keeper, keep, clean, folder, clock } = await start('files');
    const whole = body(NOON);
    await keep(whole);
    // A file that was begun, of which nothing was noted; and one of another process that may still be at it.
    const [dead, busy] = ['bodies-20260131-0123456789ab.jsonl', 'bodies-20260131-ba9876543210.jsonl'];
    for (const [name, age] of [
      [dead, 601],
      [busy, 599],
    ] as const) {
      writeFileSync(join(folder, name), '{"method":"POST","path":"/v1/chat');
      utimesSync(join(folder, name), clock.now / 1000 - age, clock.now / 1000 - age);
    }
    writeFileSync(join(folder, 'notes.txt'), 'not ours');
    await clean();
    const names = readdirSync(folder).sort();
    expect(names).not.toContain(dead);
    expect(names).toHaveLength(3);
    expect(names).toEqual(expect.arrayContaining([busy, 'notes.txt']));
    expect((await keeper.find(whole.id))?.request.text).toContain('parcel');
  });

  test('a line of which only half came to the disk is told as not there', async () => {
    const first = await start('files');
    const one = body(NOON);
    await first.keep(one);
    const [name = ''] = readdirSync(first.folder);
    writeFileSync(join(first.folder, name), '{"method":"POST","pa');
    expect(await first.keeper.find(one.id)).toBeNull();
  });

  test('a storage that is away loses what comes, and only that; what is to be deleted there goes when it is back', async () => {
    const { keeper, keep, clean, left, storage, told } = await start('S3', { keepMs: DAY });
    const [kept, lost] = [body(NOON), body(NOON)];
    await keep(kept);
    storage.status = 503;
    await keep(lost);
    expect(keeper.dropped).toBe(1);
    expect(told.join()).toContain('503');
    await expect(keeper.find(kept.id)).rejects.toThrow('503');
    // Words of what is not there lead nowhere.
    expect([...(await keeper.index.matches('parcel', { from: 0, to: NOON + 1 })).ids]).toEqual([kept.id]);
    await expect(clean(NOON + 2 * DAY)).rejects.toThrow('503');
    expect(await left()).toEqual([kept.id, lost.id]);
    storage.status = null;
    await clean(NOON + 2 * DAY);
    expect(await left()).toEqual([]);
    expect(storage.objects.size).toBe(0);
    await keep(body(NOON));
    expect(told.at(-1)).toBe('well');
  });

  test('an object that came to the storage without our being told of it goes with its time', async () => {
    const { keeper, keep, clean, storage } = await start('S3', { keepMs: DAY });
    storage.after = 'cut';
    await keep(body(NOON));
    expect(keeper.dropped).toBe(1);
    expect(storage.objects.size).toBe(1);
    storage.after = null;
    await clean(NOON + DAY);
    expect(storage.objects.size).toBe(0);
  });

  test('one object that cannot be deleted keeps no other from it', async () => {
    const { keep, clean, left, storage } = await start('S3', { keepMs: DAY });
    const [held, ...others] = Array.from({ length: 40 }, (_, i) => body(NOON + i));
    await keep(held as TakenBodies, ...others);
    storage.held = (held as TakenBodies).id;
    await expect(clean(NOON + 2 * DAY)).rejects.toThrow('403');
    expect(await left()).toEqual([held?.id]);
  });

  test('a storage that does not answer holds up neither questions nor the end', async () => {
    const { keeper, storage } = await start('S3');
    storage.status = 'never';
    keeper.take(Array.from({ length: 100 }, () => body(NOON)));
    expect(await keeper.drain(50)).toBe(false);
    await keeper.close(50);
    expect(keeper.dropped).toBe(100);
  });

  describe('bodies that lie where others are not put any more', () => {
    // They were forgotten with their time, and what they had left in the folder or the bucket stayed for ever.
    test.each<[Where, Where]>([
      ['files', 'the store'],
      ['files', 'files'],
      ['files', 'S3'],
    ])('%s, then %s: are told, and go with their time', async (before, now) => {
      const first = await start(before, { keepMs: DAY });
      const old = body(NOON);
      await first.keep(old);
      await first.keeper.close();
      const then = await start(now, { keepMs: DAY }, first.db);
      const young = body(NOON + 1);
      await then.keep(young);
      expect((await then.keeper.find(old.id))?.request.text).toContain('parcel');
      expect((await then.keeper.find(young.id))?.request.text).toContain('parcel');
      // An hour later nobody else can be at it.
      const [name = ''] = readdirSync(first.folder);
      utimesSync(join(first.folder, name), NOON / 1000 - 3600, NOON / 1000 - 3600);
      await then.clean(NOON + DAY);
      expect(await then.left()).toEqual([young.id]);
      expect(readdirSync(first.folder)).toEqual([]);
      expect((await then.keeper.find(young.id))?.answer.text).toContain('On its way');
      expect(then.told).toEqual([]);
    });

    test('a folder that was moved is read where it is now', async () => {
      const first = await start('files');
      const old = body(NOON);
      await first.keep(old);
      await first.keeper.close();
      const moved = join(tempDir(), 'moved');
      renameSync(first.folder, moved);
      const then = await start('files', { folder: moved }, first.db);
      await then.keep(body(NOON));
      expect((await then.keeper.find(old.id))?.request.text).toContain('parcel');
      await then.clean(NOON + 31 * DAY);
      expect(await then.left()).toEqual([]);
    });

    test('in S3, are told of and stay, and hold up no others, until the storage is named', async () => {
      const first = await start('S3', { keepMs: DAY });
      const old = Array.from({ length: 210 }, () => body(NOON));
      await first.keep(...old);
      await first.keeper.close();
      const then = await start('the store', { keepMs: DAY, maxBytes: 50_000 }, first.db);
      const young = body(NOON + 1);
      await then.keep(young);
      await then.clean(NOON + DAY);
      // What cannot be deleted counts for nothing: otherwise the young one would be too much.
      expect(await then.left()).toHaveLength(211);
      expect(then.told).toEqual([
        expect.stringMatching(/^bodies of requests \(210\) lie in the bucket logs at http:.*earlier_s3$/),
      ]);
      await expect(then.keeper.find(old[0]?.id as string)).rejects.toThrow('the bucket logs');
      await then.clean(NOON + DAY + 1);
      expect(await then.left()).toHaveLength(210);
      expect(then.told).toHaveLength(1);
      await then.keeper.close();

      const settings = { keepMs: DAY, earlierS3: [first.storage.settings] };
      const named = await start('S3', settings, first.db);
      expect((await named.keeper.find(old[0]?.id as string))?.request.text).toContain('parcel');
      const next = body(NOON + DAY);
      await named.keep(next);
      await named.clean(NOON + DAY);
      expect(await named.left()).toEqual([next.id]);
      expect([first.storage.objects.size, named.storage.objects.size]).toEqual([0, 1]);
      expect(named.told).toEqual([]);
    });

    test('a storage that is away holds up no other', async () => {
      const first = await start('S3', { keepMs: DAY });
      await first.keep(...Array.from({ length: 250 }, () => body(NOON)));
      await first.keeper.close();
      const then = await start('the store', { keepMs: DAY, earlierS3: [first.storage.settings] }, first.db);
      const here = body(NOON + 1);
      await then.keep(here);
      first.storage.status = 503;
      await expect(then.clean(NOON + 2 * DAY)).rejects.toThrow('503');
      expect(await then.left()).toHaveLength(250);
      expect(await then.left()).not.toContain(here.id);
      first.storage.status = null;
      await then.clean(NOON + 2 * DAY);
      expect(await then.left()).toEqual([]);
      expect(first.storage.objects.size).toBe(0);
    });
  });
}
