import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OldRequests } from '../../core/store/old-requests.js';
import { openDatabase } from '../../core/store/open-database.js';
import { ALWAYS, read, stored } from './reading.js';
import { anyOldRecord, settled } from './records.js';
import { tempDir } from './temp-dir.js';
import { version1 } from './version-1.js';

test('rows of version 1 become blocks, each record as it was', () => {
  const dir = tempDir();
  let run = 0;
  fc.assert(
    fc.property(
      fc.uniqueArray(anyOldRecord, { selector: (record) => record.id, maxLength: 40 }),
      (records) => {
        const path = join(dir, `${run++}.db`);
        version1(path, records);
        const db = openDatabase(path);
        const old = new OldRequests(db);
        while (old.step());
        expect(stored(db)).toEqual([...records].sort((a, b) => a.time - b.time || (a.id < b.id ? -1 : 1)));
        expect(old.left).toBe(false);
        db.close();
      },
    ),
    { numRuns: 20 },
  );
});

/** A start, a step of which the gateway is killed, and so on: every state in between has all records once. */
test('the move goes on where it was interrupted, and what a key spent is right all the time', () => {
  const path = join(tempDir(), 'x.db');
  const records = Array.from({ length: 2500 }, () => settled());
  version1(path, records);
  const since = records[700]!.time;
  const spent = (2500 - 700) * 12_345;
  for (const moved of [0, 1024, 2048, 2500, 2500]) {
    const db = openDatabase(path);
    const old = new OldRequests(db);
    expect(stored(db)).toHaveLength(moved);
    expect(read(db, old).usage.spent('k1', since)).toBe(spent);
    expect(db.prepare("SELECT value FROM ledger_counts WHERE name = 'requests'").raw().get()).toEqual([2500]);
    old.step();
    db.close();
  }
  const db = openDatabase(path);
  expect(db.prepare("SELECT name FROM sqlite_master WHERE name LIKE 'requests%'").all()).toEqual([]);
  expect(db.prepare('SELECT version FROM headgate_schema').raw().get()).toEqual([2]);
  const newest = read(db, new OldRequests(db)).requests.records(ALWAYS, 'newest first').next();
  expect(newest.value).toEqual(records.at(-1));
  db.close();
});

test('a row whose detail cannot be read is kept without it', () => {
  const path = join(tempDir(), 'x.db');
  version1(path, [settled({ id: 'a' }), settled({ id: 'b' })]);
  const db = openDatabase(path);
  db.exec("UPDATE requests SET detail = '[\"chat\"' WHERE id = 'a'");
  const old = new OldRequests(db);
  while (old.step());
  expect(stored(db)).toMatchObject([
    { id: 'a', customer: 'acme', costNano: 12_345, usage: null, attempts: [], format: '' },
    { id: 'b', customer: 'acme', format: 'openai-chat', attempts: [{ provider: 'openai' }] },
  ]);
  db.close();
});
