import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type LedgerSql, openLedgerSql } from '../../core/store/ledger-sql.js';
import { LEDGER_VERSION } from '../../core/store/ledger-version.js';
import { LEDGER_STEPS } from '../../core/store/schema.js';
import { readAddress } from '../../core/store/sql/address.js';
import { tempDir } from './temp-dir.js';

const openDatabase = (path: string): Promise<LedgerSql> => openLedgerSql({ kind: 'sqlite', path });

test('a store URL leads to a file, the default one, memory or a server', () => {
  expect(readAddress(undefined, '/data')).toEqual({ kind: 'sqlite', path: '/data/headgate.db' });
  expect(readAddress('sqlite:/var/x.db', '/data')).toEqual({ kind: 'sqlite', path: '/var/x.db' });
  expect(readAddress('sqlite::memory:', '/data')).toEqual({ kind: 'sqlite', path: ':memory:' });
  expect(readAddress('memory:', '/data')).toEqual({ kind: 'sqlite', path: ':memory:' });
  expect(readAddress('postgres://u@h/x', '/data')).toEqual({ kind: 'postgres', url: 'postgres://u@h/x' });
});

test('a URL of another database is refused without its password', () => {
  expect(() => readAddress('mysql://me:secret@db/x', '/data')).toThrow(/mysql:\/\/…@db\/x" is no address/);
});

test('a file that is no database is named', async () => {
  const path = join(tempDir(), 'headgate.db');
  writeFileSync(path, 'this is a text file, and a long one at that. '.repeat(100));
  await expect(openDatabase(path)).rejects.toThrow(
    `The database ${path} is damaged or not an SQLite database`,
  );
});

test('a database of a newer version is left alone', async () => {
  const path = join(tempDir(), 'headgate.db');
  const db = await openDatabase(path);
  await db.run("UPDATE headgate_schema SET version = ? WHERE part = 'ledger'", [LEDGER_VERSION + 1]);
  await db.close();
  await expect(openDatabase(path)).rejects.toThrow(
    `ledger layout ${LEDGER_VERSION + 1}; this version knows up to ${LEDGER_VERSION}`,
  );
});

test('a path that cannot be a database is named', async () => {
  const path = join(tempDir(), 'folder');
  mkdirSync(path);
  await expect(openDatabase(path)).rejects.toThrow(`The database ${path} cannot be opened`);
});

test('opening again keeps what is there', async () => {
  const path = join(tempDir(), 'new', 'folder', 'x.db');
  const first = await openDatabase(path);
  await first.run("INSERT INTO spool_position VALUES ('a', 5)");
  await first.close();
  const second = await openDatabase(path);
  expect(await second.all('SELECT done FROM spool_position')).toEqual([[5]]);
  await second.close();
});

test('the version that a start looks for is the one that the steps lead to', () => {
  expect(LEDGER_VERSION).toBe(LEDGER_STEPS.length);
});
