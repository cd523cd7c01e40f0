/**
 * `npm run bench:ledger`: settles records at a fixed rate into a ledger on SQLite, with a log line each, and prints whether the
 * database kept up and what became of memory.
 *
 *   --rate N           records a second (5000)
 *   --seconds N        for so long (60)
 *   --sink taken|away  a collector is told of each record over OTLP, too; `away`: it is there only when the load has ended
 *   --gzip             compressed, as to a collector that is not on this machine
 *   --log off          no line of the log for each record
 *   --durable          as with `store.durable: request`: each turn's records are synced before it goes on
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Recorder } from '../core/observe/recorder.js';
import { EVERYTHING } from '../core/sinks/sampling.js';
import type { SinkSettings } from '../core/sinks/sink-settings.js';
import { type Ledger, startLedger } from '../core/store/ledger.js';
import { ledgerRecords } from './ledger-records.js';
import { describeMachine, machineLine } from './machine.js';
import { cpuBetween, readCpu, readRss } from './proc.js';
import { median } from './summary.js';

/** Threads that settle requests. */
const THREADS = 2;
const TICK_MS = 5;
const READ_MS = 1000;
/** Until then threads start and code is compiled: CPU is counted from there on. */
const WARM_MS = 5000;

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '5000' },
    seconds: { type: 'string', default: '60' },
    sink: { type: 'string', default: 'none' },
    gzip: { type: 'boolean', default: false },
    log: { type: 'string', default: 'on' },
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
  const ledger = await startLedger({
    dataDir,
    logFile,
    durable: values.durable ? 'request' : 'batch',
    logRequests: values.log !== 'off',
    sinks: values.sink === 'none' ? null : sinks(),
  });
  let collector = values.sink === 'taken' ? startCollector() : null;
  const recorders = Array.from({ length: THREADS }, () => new Recorder(ledger.connect()));
  // Each record is one of its own; what differs from real ones is that many were made before.
  const until = Date.now();
  const known = [...ledgerRecords({ records: 20_000, customers: 5000, keys: 200, until, days: 1 })];
  let before: { readonly cpu: ReturnType<typeof readCpu>; readonly settled: number } | null = null;
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
    if (before === null && now >= WARM_MS) before = { cpu: readCpu(process.pid), settled };
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
  const warm = before ?? { cpu: readCpu(process.pid), settled: 0 };
  const { used } = cpuBetween(warm.cpu, readCpu(process.pid));
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
  console.log(
    `CPU ${(used / (settled - warm.settled)).toFixed(1)} us a record after ${WARM_MS / 1000} s, the making of it included, over all threads`,
  );
  console.log(
    `memory ${mb(part(0.5, 0.75))} in the third quarter of the time, ${mb(part(0.75, 1))} in the last`,
  );
  console.log(
    `disk ${mb(statSync(join(dataDir, 'headgate.db')).size)} of database, ${mb(statSync(logFile).size)} of log`,
  );
  if (values.sink !== 'none') {
    const told = tellOfSink(dataDir, settled);
    collector ??= startCollector();
    await told;
    collector.kill();
  }
  for (const recorder of recorders) await recorder.close();
  await ledger.close();
}

const PORT = 24_318;

function startCollector(): ChildProcess {
  const program = fileURLToPath(new URL('../../bench/collector.mjs', import.meta.url));
  return spawn(process.execPath, [program, String(PORT)], { stdio: 'inherit' });
}

/** One collector over OTLP, as `observability.otlp` makes it. */
function sinks(): NonNullable<Parameters<typeof startLedger>[0]['sinks']> {
  const settings = {
    url: `http://127.0.0.1:${PORT}`,
    headers: {},
    encoding: 'protobuf',
    ...(values.gzip && { gzip: true }),
    resource: {},
  };
  const sink: SinkSettings = {
    name: 'collector',
    use: 'otlp',
    values: settings,
    batchRecords: null,
    batchWaitMs: null,
    timeoutMs: 10_000,
    content: false,
    spoolBytes: 1024 ** 3,
    sampling: EVERYTHING,
  };
  return {
    setup: { sinks: [sink], instance: 'bench' },
    entry: new URL('../bin/sink-thread.js', import.meta.url).href,
  };
}

/** Waits until the collector has all, for three minutes at most. */
async function tellOfSink(dataDir: string, settled: number): Promise<void> {
  const folder = join(dataDir, 'sinks');
  const names = readdirSync(folder).filter((name) => name.endsWith('.spool'));
  const waiting = names.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  console.log(`${mb(waiting)} of files for the sink`);
  const began = performance.now();
  let count = { told: 0, different: 0 };
  while (count.different < settled && performance.now() - began < 180_000) {
    await sleep(250);
    const answer = await fetch(`http://127.0.0.1:${PORT}/count`).catch(() => null);
    if (answer !== null) count = (await answer.json()) as typeof count;
  }
  const took = ((performance.now() - began) / 1000).toFixed(1);
  console.log(
    `the collector had ${count.different} of ${settled} after ${took} s more, told ${count.told} times`,
  );
}

console.log(machineLine(describeMachine()));
const folder = mkdtempSync(join(tmpdir(), 'headgate-ledger-'));
try {
  await measure(folder);
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
