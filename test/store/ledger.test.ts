import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { afterEach, expect, test } from 'vitest';
import { encodeRecords } from '../../core/store/record-codec.js';
import { Spool } from '../../core/store/spool.js';
import { Recorder } from '../../dist/core/observe/recorder.js';
import { type Ledger, type LedgerOptions, startLedger } from '../../dist/core/store/ledger.js';
import { EVERYTHING as everything, storedIn } from './reading.js';
import { beforeDetails, settled } from './records.js';
import { tempDir } from './temp-dir.js';
import { version1 } from './version-1.js';

const open: Ledger[] = [];

async function start(options: Partial<LedgerOptions> = {}): Promise<Ledger> {
  const ledger = await startLedger({
    dataDir: tempDir(),
    logLevel: 'silent',
    retention: { days: 10_000 },
    ...options,
  });
  open.push(ledger);
  return ledger;
}

afterEach(async () => {
  for (const ledger of open.splice(0)) await ledger.close();
});

test('usage has what was recorded a moment ago, in every thread', async () => {
  const ledger = await start();
  const recorders = [new Recorder(ledger.connect()), new Recorder(ledger.connect())];
  for (let i = 0; i < 300; i++) recorders[i % 2]!.record(settled());
  const { total } = await ledger.usage(everything);
  expect(total.requests).toBe(300);
  expect((await ledger.used({ kind: 'key', id: 'k1' }, 0)).nanos).toBe(300 * 12_345);
  expect((await ledger.used({ kind: 'key', id: 'k2' }, 0)).nanos).toBe(0);
});

test('a flush leaves everything in the database', async () => {
  const dataDir = tempDir();
  const ledger = await start({ dataDir });
  const recorder = new Recorder(ledger.connect());
  const record = settled();
  recorder.record(record);
  await ledger.flush();
  expect(await storedIn(join(dataDir, 'headgate.db'))).toEqual([record]);
});

test('a thread that hangs makes a flush fail, but not the answers to other questions', async () => {
  const ledger = await start();
  const recorder = new Recorder(ledger.connect());
  ledger.connect();
  recorder.record(settled());
  const [flushed, usage] = await Promise.allSettled([ledger.flush(), ledger.usage(everything)]);
  expect(flushed).toMatchObject({
    status: 'rejected',
    reason: { message: expect.stringContaining('does not answer') },
  });
  expect(usage).toMatchObject({ status: 'fulfilled', value: { total: { requests: 1 } } });
});

test('closing takes in what recorders still hold and leaves nothing behind', async () => {
  const dataDir = tempDir();
  const ledger = await start({ dataDir });
  const recorder = new Recorder(ledger.connect());
  for (let i = 0; i < 50; i++) recorder.record(settled());
  await recorder.close();
  await ledger.close();
  expect(readdirSync(join(dataDir, 'spool'))).toEqual([]);
  expect(existsSync(join(dataDir, 'headgate.pid'))).toBe(false);
  const again = await start({ dataDir });
  expect((await again.usage(everything)).total.requests).toBe(50);
});

test('what an earlier process left in the spool is there before the first answer, once', async () => {
  const dataDir = tempDir();
  const spool = new Spool(join(dataDir, 'spool'));
  const records = Array.from({ length: 40 }, () => settled());
  spool.append(new Uint8Array(encodeRecords(records.slice(0, 30))));
  spool.append(new Uint8Array(encodeRecords(records.slice(30))));
  const ledger = await start({ dataDir });
  expect((await ledger.used({ kind: 'key', id: 'k1' }, 0)).nanos).toBe(40 * 12_345);
  await ledger.close();
  expect(await storedIn(join(dataDir, 'headgate.db'))).toEqual(records);
});

test('while another process holds the database records stay in the spool, and health and log say so', async () => {
  const dataDir = tempDir();
  const logFile = join(dataDir, 'log.jsonl');
  const ledger = await start({ dataDir, logFile, logLevel: 'error' });
  const recorder = new Recorder(ledger.connect());
  const db = new Database(join(dataDir, 'headgate.db'));
  db.exec('BEGIN IMMEDIATE');
  recorder.record(settled());
  await expect(ledger.usage(everything)).rejects.toThrow('cannot be written at the moment');
  expect(ledger.health()).toMatchObject({
    ok: false,
    problems: [expect.stringContaining('database is locked')],
  });
  expect(await ledger.metrics()).toMatch(/^headgate_ledger_ok 0$/m);
  db.exec('ROLLBACK');
  db.close();
  expect((await ledger.usage(everything)).total.requests).toBe(1);
  expect(ledger.health().ok).toBe(true);
  await ledger.close();
  expect(readFileSync(logFile, 'utf8')).toContain('they wait in the spool');
});

test('a second ledger on the same folder is refused, and says who has it', async () => {
  const dataDir = tempDir();
  await start({ dataDir });
  await expect(start({ dataDir })).rejects.toThrow(
    `The data folder ${dataDir} is in use by another Headgate process (pid ${process.pid})`,
  );
});

test('a folder that cannot be written to is named', async () => {
  const file = join(tempDir(), 'file');
  writeFileSync(file, '');
  await expect(start({ dataDir: join(file, 'data') })).rejects.toThrow(
    `The data folder ${join(file, 'data')} cannot`,
  );
});

test('a damaged database stops the start and lets go of the folder', async () => {
  const dataDir = tempDir();
  const path = join(dataDir, 'headgate.db');
  writeFileSync(path, 'no database '.repeat(1000));
  await expect(start({ dataDir })).rejects.toThrow(`The database ${path} is damaged`);
  await start({ dataDir, url: `sqlite:${join(dataDir, 'other.db')}` });
});

test('a damaged block of records is told in the log, and neither start nor answers fail', async () => {
  const dataDir = tempDir();
  const logFile = join(dataDir, 'log.jsonl');
  const first = await start({ dataDir });
  const recorder = new Recorder(first.connect());
  const record = settled();
  for (let i = 0; i < 5; i++) {
    recorder.record(settled({ time: record.time }));
    await first.flush();
  }
  await first.close();
  const db = new Database(join(dataDir, 'headgate.db'));
  db.exec("UPDATE request_blocks SET data = x'c102' WHERE id = 2");
  db.close();
  const again = await start({ dataDir, logFile, logLevel: 'error' });
  expect((await again.used({ kind: 'key', id: 'k1' }, record.time)).nanos).toBe(4 * 12_345);
  expect((await again.usage(everything)).total.requests).toBe(5);
  expect(again.health().ok).toBe(true);
  await again.close();
  const lines = readFileSync(logFile, 'utf8').trim().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { level: 'error', msg: expect.stringContaining('damaged'), block: 2 },
  ]);
});

test('a database of version 1 is taken over', async () => {
  const dataDir = tempDir();
  const path = join(dataDir, 'headgate.db');
  const old = Array.from({ length: 3000 }, () => beforeDetails(settled()));
  version1(path, old);
  const ledger = await start({ dataDir });
  const recorder = new Recorder(ledger.connect());
  const record = settled();
  recorder.record(record);
  expect((await ledger.used({ kind: 'key', id: 'k1' }, old[0]!.time + 1)).nanos).toBe(3000 * 12_345);
  await ledger.close();
  expect(await storedIn(path)).toEqual([...old, record]);
});

test('in memory nothing touches the disk', async () => {
  const dataDir = join(tempDir(), 'none');
  const ledger = await start({ dataDir, url: 'sqlite::memory:' });
  const recorder = new Recorder(ledger.connect());
  recorder.record(settled());
  expect((await ledger.usage(everything)).total.requests).toBe(1);
  expect(existsSync(dataDir)).toBe(false);
});

test('metrics have the requests, the gauges of the threads and the process', async () => {
  const ledger = await start();
  const threads = [3, 4].map(
    (n) => new Recorder(ledger.connect(), { gauges: () => ({ in_flight_requests: n }) }),
  );
  threads[0]!.record(settled());
  const text = await ledger.metrics();
  expect(text).toContain(
    'headgate_requests_total{model="support",provider="openai",operation="chat",key="ci",status="200",outcome="ok"} 1',
  );
  expect(text).toMatch(/^headgate_in_flight_requests 7$/m);
  expect(text).toMatch(/^headgate_records_lost_total 0$/m);
  expect(text).toMatch(/^headgate_thread_heap_used_bytes\{thread="ledger"\} \d+$/m);
});

test('request lines and other lines leave by one writer', async () => {
  const dir = tempDir();
  const logFile = join(dir, 'log.jsonl');
  const ledger = await start({ dataDir: dir, logFile, logLevel: 'info' });
  const recorder = new Recorder(ledger.connect());
  ledger.log('debug', 'too detailed');
  ledger.log('warn', 'careful', { port: 1 });
  recorder.record(settled({ customer: 'acme' }));
  await ledger.flush();
  ledger.log('info', 'bye', { broken: () => undefined });
  await ledger.close();
  const lines = readFileSync(logFile, 'utf8').trim().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { level: 'warn', msg: 'careful', port: 1 },
    { level: 'info', msg: 'request', customer: 'acme', cost_usd: '0.000012345' },
    { level: 'info', msg: 'bye', unwritable: ['broken'] },
  ]);
});

test('a question to a closed ledger is refused', async () => {
  const ledger = await start();
  await ledger.close();
  await expect(ledger.metrics()).rejects.toThrow('ended');
  expect(ledger.health().ok).toBe(true);
});
