/**
 * `npm run bench:ledger`: settles records at a fixed rate into a ledger on SQLite, with a log line each, and prints whether the
 * database kept up and what became of memory.
 *
 *   --rate N           records a second (5000)
 *   --seconds N        for so long (60)
 *   --durable          as with `store.durable: request`: each turn's records are synced before it goes on
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Recorder } from '../core/observe/recorder.js';
import { type Ledger, startLedger } from '../core/store/ledger.js';
import { ledgerRecords } from './ledger-records.js';
import { describeMachine, machineLine } from './machine.js';
import { cpuBetween, readCpu, readRss } from './proc.js';
import { median } from './summary.js';

/** Threads that settle requests. */
const THREADS = 2;
const TICK_MS = 5;
const READ_MS = 1000;

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '5000' },
    seconds: { type: 'string', default: '60' },
    durable: { type: 'boolean', default: false },
  },
});
const rate = Number(values.rate);
const seconds = Number(values.seconds);

async function number(ledger: Ledger, name: string): Promise<number> {
  const text = await ledger.metrics();
  return Number(new RegExp(`^headgate_${name} (\\S+)$`, 'm').exec(text)?.[1]);
}

const mb = (bytes: number): string => `${(bytes / 1024 ** 2).toFixed(1)} MB`;

async function measure(dataDir: string): Promise<void> {
  const logFile = join(dataDir, 'requests.log');
  const ledger = await startLedger({ dataDir, logFile, durable: values.durable ? 'request' : 'batch' });
  const recorders = Array.from({ length: THREADS }, () => new Recorder(ledger.connect()));
  // Each record is one of its own; what differs from real ones is that many were made before.
  const until = Date.now();
  const known = [...ledgerRecords({ records: 20_000, customers: 5000, keys: 200, until, days: 1 })];
  const before = readCpu(process.pid);
  const began = performance.now();
  const readings: number[] = [];
  let settled = 0;
  let held = 0;
  let nextRead = READ_MS;
  for (let now = 0; now < seconds * 1000; now = performance.now() - began) {
    for (const due = (now * rate) / 1000; settled < due; settled++) {
      const recorder = recorders[settled % THREADS] as Recorder;
      const id = `req_${String(settled).padStart(12, '0')}`;
      recorder.record({ ...(known[settled % known.length] as (typeof known)[number]), id, time: Date.now() });
      if (values.durable) recorder.hold((written) => (held += Number(written)));
    }
    if (now >= nextRead) {
      nextRead += READ_MS;
      readings.push(readRss(process.pid));
    }
    await sleep(TICK_MS);
  }
  const took = (performance.now() - began) / 1000;
  const backlog = await number(ledger, 'spool_backlog_bytes');
  const lost = await number(ledger, 'records_lost_total');
  const ended = performance.now();
  await ledger.flush();
  const drained = performance.now() - ended;
  const stored = await number(ledger, 'records_stored_total');
  const { used } = cpuBetween(before, readCpu(process.pid));
  const part = (from: number, to: number): number =>
    median(readings.slice(Math.floor(readings.length * from), Math.floor(readings.length * to))) ??
    Number.NaN;
  console.log(
    `${settled} records in ${took.toFixed(1)} s: ${Math.round(settled / took)} a second, asked for ${rate}`,
  );
  console.log(`stored ${stored}, lost ${lost}${values.durable ? `, answers let go ${held}` : ''}`);
  console.log(
    `when the load ended ${mb(backlog)} waited in the spool, and were stored ${drained.toFixed(0)} ms later`,
  );
  console.log(`CPU ${(used / settled).toFixed(1)} us a record, the making of it included, over all threads`);
  console.log(
    `memory ${mb(part(0.5, 0.75))} in the third quarter of the time, ${mb(part(0.75, 1))} in the last`,
  );
  console.log(
    `disk ${mb(statSync(join(dataDir, 'headgate.db')).size)} of database, ${mb(statSync(logFile).size)} of log`,
  );
  for (const recorder of recorders) await recorder.close();
  await ledger.close();
}

console.log(machineLine(describeMachine()));
const folder = mkdtempSync(join(tmpdir(), 'headgate-ledger-'));
try {
  await measure(folder);
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
