import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { cpuBetween, readCpu } from '../../bench/proc.js';
import { startLedger } from '../../dist/core/store/ledger.js';
import { startHeadgate } from '../e2e/harness.js';
import { EVERYTHING, storedIn } from './reading.js';
import { type Completed, SteadyLoad } from './steady-load.js';

const RATE = 2000;
const CLIENTS = 128;
/** Answers before a kill. */
const ENOUGH = 500;
/** What a kill may take in the default mode. */
const MOST_LOST_MS = 50;

/** Answered long enough before the kill, or only just. */
interface Answered {
  readonly early: Completed[];
  readonly late: Completed[];
}

/**
 * Kills a gateway under load twice, its data staying, and looks which answers that a client had in full have no record
 * afterwards. Every record must be there once, and counted once.
 */
async function killedAgainAndAgain(durable: 'batch' | 'request') {
  const dir = mkdtempSync(join(tmpdir(), 'headgate-kill-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true, maxRetries: 3 }));
  const config = { store: { durable }, observability: { log_requests: false } };
  writeFileSync(join(dir, 'headgate.yaml'), JSON.stringify(config));
  const { early, late }: Answered = { early: [], late: [] };
  for (const afterMs of [311, 413]) {
    const gateway = await startHeadgate({ cwd: dir, args: ['--config', 'headgate.yaml'] });
    const load = new SteadyLoad(gateway.port, RATE, CLIENTS);
    // However slow the machine is at the moment.
    for (const until = performance.now() + 20_000; load.done.length < ENOUGH && performance.now() < until; )
      await sleep(5);
    const before = readCpu(gateway.pid);
    await sleep(afterMs);
    load.stop();
    const { waited } = cpuBetween(before, readCpu(gateway.pid));
    const killed = performance.now();
    await gateway.kill();
    load.close();
    // While its threads were ready and had no core, nothing can be asked of it.
    const since = killed - MOST_LOST_MS - waited / 1000;
    for (const one of load.done) (one.at > since ? late : early).push(one);
  }
  const dataDir = join(dir, 'data');
  const ledger = await startLedger({ dataDir, logLevel: 'silent' });
  const { total } = await ledger.usage(EVERYTHING);
  await ledger.close();
  const ids = (await storedIn(join(dataDir, 'headgate.db'))).map(({ id }) => id);
  const there = new Set(ids);
  expect(there.size).toBe(ids.length);
  expect(total.requests).toBe(ids.length);
  expect(early.length + late.length).toBeGreaterThan(ENOUGH);
  const lost = (of: readonly Completed[]): number => of.filter(({ id }) => !there.has(id)).length;
  return { lostEarly: lost(early), lostLate: lost(late) };
}

test('with durable: request, kill -9 under load loses no record of an answer that a client had in full', async () => {
  expect(await killedAgainAndAgain('request')).toEqual({ lostEarly: 0, lostLate: 0 });
}, 60_000);

test('in the default mode, kill -9 under load loses the records of the last 50 ms at most', async () => {
  const { lostEarly } = await killedAgainAndAgain('batch');
  expect(lostEarly).toBe(0);
}, 60_000);
