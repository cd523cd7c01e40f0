import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { databasePath, openDatabase } from '../../core/store/open-database.js';
import { tempDir } from './temp-dir.js';

test('a store URL leads to a file, the default one, or memory', () => {
  expect(databasePath(undefined, '/data')).toBe('/data/headgate.db');
  expect(databasePath('sqlite:/var/x.db', '/data')).toBe('/var/x.db');
  expect(databasePath('sqlite::memory:', '/data')).toBe(':memory:');
  expect(databasePath('memory:', '/data')).toBe(':memory:');
});

test('a URL of another database is refused without its password', () => {
  expect(() => databasePath('postgres://me:secret@db/x', '/data')).toThrow(
    /postgres:\/\/…@db\/x" is not supported/,
  );
});

test('a file that is no database is named', () => {
  const path = join(tempDir(), 'headgate.db');
  writeFileSync(path, 'this is a text file, and a long one at that. '.repeat(100));
  expect(() => openDatabase(path)).toThrow(`The database ${path} is damaged or not an SQLite database`);
});

test('a database of a newer version is left alone', () => {
  const path = join(tempDir(), 'headgate.db');
  const db = openDatabase(path);
  db.exec("UPDATE headgate_schema SET version = 7 WHERE part = 'ledger'");
  db.close();
  expect(() => openDatabase(path)).toThrow(
    /written by a newer Headgate \(ledger layout 7; this version knows up to 2\)/,
  );
});

test('a path that cannot be a database is named', () => {
  const path = join(tempDir(), 'folder');
  mkdirSync(path);
  expect(() => openDatabase(path)).toThrow(`The database ${path} cannot be opened`);
});

test('opening again keeps what is there', () => {
  const path = join(tempDir(), 'new', 'folder', 'x.db');
  const first = openDatabase(path);
  first.exec("INSERT INTO spool_position VALUES ('a', 5)");
  first.close();
  const second = openDatabase(path);
  expect(second.prepare('SELECT done FROM spool_position').raw().get()).toEqual([5]);
  second.close();
});
