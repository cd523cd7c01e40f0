import { join } from 'node:path';
import Database from 'libsql';
import OpenAI, { toFile } from 'openai';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ObjectBook } from '../../core/forward/object-book.js';
import type { OwnedObject, Owner } from '../../core/forward/owner.js';
import { openLedgerSql } from '../../core/store/ledger-sql.js';
import { ObjectOwners } from '../../core/store/object-owners.js';
import { startOpenAiPlatform } from '../fakes/openai-platform.js';
import { embed } from '../gateway/embedded.js';
import { inMemory } from '../store/reading.js';
import { tempDir } from '../store/temp-dir.js';

const DAY = 86_400_000;
const mine = (id: string, provider = 'openai'): OwnedObject => ({ id, provider, key: 'key-1' });

async function owners(now: () => number = Date.now, max?: number): Promise<ObjectOwners> {
  const db = await inMemory();
  onTestFinished(() => db.close());
  return new ObjectOwners(db, now, max);
}

describe('the owners of objects', () => {
  it('are found by id, and change with the last word; the first holder stays', async () => {
    const all = await owners();
    await all.add([mine('file-1'), { ...mine('file-2', 'azure'), holder: 'a' }]);
    expect(await all.find(['nothing', 'file-2', 'file-1'])).toEqual([
      { ...mine('file-2', 'azure'), holder: 'a' },
      mine('file-1'),
    ]);
    await all.add([
      { ...mine('file-1'), key: 'key-2', holder: 'b' },
      { ...mine('file-2'), holder: 'b' },
    ]);
    await all.add([mine('file-1')]);
    expect(await all.find(['file-1', 'file-2'])).toEqual([
      { ...mine('file-1'), holder: 'b' },
      { ...mine('file-2'), holder: 'a' },
    ]);
    expect(await all.find(["' OR 1=1 --"])).toEqual([]);
  });

  it('are kept of a database that knows no holders', async () => {
    const path = join(tempDir(), 'headgate.db');
    const old = new Database(path);
    old.exec(
      'CREATE TABLE object_owners (id TEXT PRIMARY KEY, provider TEXT NOT NULL, key_name TEXT NOT NULL, seen INTEGER NOT NULL) WITHOUT ROWID',
    );
    old.exec("INSERT INTO object_owners VALUES ('file-1', 'openai', 'key-1', 20000)");
    old.close();
    const db = await openLedgerSql({ kind: 'sqlite', path });
    onTestFinished(() => db.close());
    expect(await new ObjectOwners(db).find(['file-1'])).toEqual([mine('file-1')]);
  });

  it('are forgotten when nobody has asked for them for more than a year', async () => {
    let now = 1_000 * DAY;
    const all = await owners(() => now);
    await all.add([mine('old'), mine('used')]);
    now += 300 * DAY;
    await all.find(['used']);
    now += 101 * DAY;
    expect(await all.expire(now)).toBe(false);
    expect([await all.find(['old']), await all.find(['used'])]).toEqual([[], [mine('used')]]);
  });

  it('are no more than there is room for: the oldest go', async () => {
    let now = 1_000 * DAY;
    const all = await owners(() => now, 10);
    for (let day = 0; day < 15; day++, now += DAY) await all.add([mine(`id-${day}`)]);
    await all.expire(now);
    const left: boolean[] = [];
    for (let day = 0; day < 15; day++) left.push((await all.find([`id-${day}`])).length > 0);
    expect(left).toEqual(Array.from({ length: 15 }, (_, day) => day >= 5));
  });
});

describe('the book of a thread', () => {
  it('asks the store once, tells it of news alone, and does without it when it fails', async () => {
    const told: string[][] = [];
    const asked: (readonly string[])[] = [];
    let broken = false;
    const owner: Owner = { provider: 'openai', key: 'key-1' };
    const book = new ObjectBook(
      {
        ownersOf: async (ids) => {
          asked.push(ids);
          if (broken) throw new Error('no store');
          return [];
        },
        own: async (objects) => void told.push(objects.map(({ id }) => id)),
      },
      () => undefined,
    );
    expect(await book.find(['file-1'])).toBeNull();
    expect(book.find([])).toBeNull();
    book.remember(['file-1', 'file-2'], owner);
    book.remember(['file-2', 'file-3'], owner);
    expect(told).toEqual([['file-1', 'file-2'], ['file-3']]);
    expect(book.find(['file-9', 'file-1'])).toEqual(owner);
    broken = true;
    expect(await book.find(['file-7'])).toBeNull();
    expect(asked).toEqual([['file-1'], ['file-7']]);
  });
});

describe('a mark', () => {
  it('is the first asker’s, over threads that share a store and after a restart', async () => {
    const all = await owners();
    const store = {
      ownersOf: async (ids: readonly string[]) => all.find(ids),
      own: async (objects: readonly OwnedObject[]) => void (await all.add(objects)),
    };
    const thread = (): ObjectBook => new ObjectBook(store, () => undefined);
    const [one, two] = [thread(), thread()];
    const asked = [one.claim('m', 'p', 'a'), two.claim('m', 'p', 'b'), one.claim('m', 'p', 'c')];
    expect(await Promise.all(asked)).toEqual([true, false, false]);
    expect(await thread().claim('m', 'p', 'd')).toBe(false);
  });

  it('is given by each thread for itself when the store does not answer', async () => {
    const troubles: unknown[] = [];
    const fail = async (): Promise<never> => Promise.reject(new Error('no store'));
    const book = new ObjectBook({ ownersOf: fail, own: fail }, (error) => troubles.push(error));
    expect([await book.claim('m', 'p', 'a'), await book.claim('m', 'p', 'b')]).toEqual([true, false]);
    expect(troubles).toHaveLength(1);
  });
});

describe('a gateway that was started anew', () => {
  it('still knows where a file is', async () => {
    const [one, two] = [await startOpenAiPlatform('one'), await startOpenAiPlatform('two')];
    const provider = (fake: typeof one, key: string): object => ({
      base_url: `${fake.url}/v1`,
      keys: [{ value: `sk-${key}-0123456789` }],
    });
    const dataDir = tempDir();
    const start = () =>
      embed({
        dataDir,
        config: {
          providers: { openai: provider(one, 'one'), second: { extends: 'openai', ...provider(two, 'two') } },
        },
      });
    const client = (gateway: Awaited<ReturnType<typeof start>>) =>
      new OpenAI({ apiKey: 'none', baseURL: 'http://gateway/v1', fetch: gateway.fetch, maxRetries: 0 });

    const first = await start();
    const file = await client(first).files.create(
      { file: await toFile(Buffer.from('hello'), 'a.txt'), purpose: 'assistants' },
      { headers: { 'x-headgate-provider': 'second' } },
    );
    await first.close();
    const again = await start();
    const content = await client(again).files.content(file.id);
    expect(await content.text()).toBe('hello');
    expect(one.received).toEqual([]);
    await again.close();
    await one.close();
    await two.close();
  });
});
