import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { BodyTexts } from '../../core/store/bodies/body-texts.js';
import { type LedgerSql, openLedgerSql } from '../../core/store/ledger-sql.js';
import type { StoreAddress } from '../../core/store/sql/address.js';
import { copyStore } from '../../core/store/store-copy.js';
import { ControlStore } from '../../dist/core/store/control/control-store.js';
import { openSql } from '../../dist/core/store/sql/open.js';
import { noPostgres, type RealPostgres, startPostgres } from './real-postgres.js';
import { tempDir } from './temp-dir.js';

let server: RealPostgres | null = null;
beforeAll(async () => {
  if (noPostgres === null) server = await startPostgres();
});
afterAll(() => server?.stop());

async function opened(kind: 'sqlite' | 'postgres'): Promise<LedgerSql> {
  const address: StoreAddress =
    kind === 'sqlite'
      ? { kind, path: join(tempDir(), 'store.db') }
      : { kind, url: await (server as RealPostgres).database() };
  const store = new ControlStore(await openSql(address, { connections: 1 }));
  await store.migrate();
  await store.close();
  const db = await openLedgerSql(address);
  onTestFinished(() => db.close());
  return db;
}

const side = (text: string) => ({
  type: 'application/json',
  bytes: text.length,
  truncated: false,
  whole: false,
  text,
});
const keptIn = (question: string) =>
  gzipSync(JSON.stringify({ request: side(question), answer: side('"On its way"') }));
const ADD = 'INSERT INTO request_bodies (number, id, time_ms, bytes, place, data) VALUES (?, ?, ?, ?, ?, ?)';
const ROWS = 'SELECT number, id, time_ms, bytes, place, data FROM request_bodies ORDER BY number';
const EVER = { from: 0, to: 1e12 };

const ways: ['sqlite' | 'postgres', 'sqlite' | 'postgres'][] = [['sqlite', 'sqlite']];
if (noPostgres === null) ways.push(['sqlite', 'postgres'], ['postgres', 'sqlite'], ['postgres', 'postgres']);

describe('kept bodies', () => {
  it.each(ways)('are copied with their words, %s to %s', async (from, to) => {
    const [source, target] = [await opened(from), await opened(to)];
    for (let number = 1; number <= 230; number++)
      await source.run(ADD, [number, `req_${number}`, number, 100, '', keptIn(`"parcel p${number}"`)]);
    await source.run(ADD, [300, 'req_s3', 300, 100, 's3:bodies/req_s3', null]);
    await source.run(ADD, [301, 'req_broken', 301, 100, '', Buffer.from('no gzip')]);
    expect((await copyStore(source, target))['request_bodies']).toBe(232);

    const told = async (db: LedgerSql) =>
      (await db.all(ROWS)).map(([number, id, time, bytes, place, data]) => [
        [Number(number), id, Number(time), Number(bytes), place],
        data === null ? null : Buffer.from(data as Uint8Array).toString('hex'),
      ]);
    expect(await told(target)).toEqual(await told(source));
    const texts = new BodyTexts(target);
    const found = async (words: string) => [...(await texts.matches(words, EVER)).ids];
    expect(await found('PARCEL p217')).toEqual(['req_217']);
    expect(await found('way')).toHaveLength(230);
    // What is kept from then on has a number of its own.
    const more =
      'INSERT INTO request_bodies (id, time_ms, bytes, place) VALUES (?, 1, 1, ?) RETURNING number';
    const [[next] = []] = await target.all(more, ['req_next', 'file:x']);
    expect(Number(next)).toBe(302);
  });
});
