/**
 * Scenario `o`: what being observed costs a request: a line of the log each, the page of metrics, and a collector on the same machine
 * that is told of each as a trace. The records that money is counted from are there in any case. At a fixed rate, since what is done
 * for many requests at once costs each of them less, and with all cores, since it is done beside the thread that serves.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { adopt, freePort, LOAD_CORE, pinned, stopChild } from './children.js';
import type { LoadDriver } from './driver.js';
import { startWith } from './headgate.js';
import type { Options } from './options.js';
import { type CpuReading, cpuBetween, readCpu } from './proc.js';
import { chatRequest } from './shapes.js';
import { median } from './summary.js';
import type { Target } from './target.js';

/** What a request takes of the CPU with one configuration, microseconds, medians of the rounds. */
export interface ObservedCost {
  readonly name: string;
  /** All threads. */
  readonly all: number;
  /** Those beside the one that serves, which does the same with each configuration: ledger, sinks, collection of garbage. */
  readonly beside: number;
  /** The same, beyond the first configuration in the same round. */
  readonly added: number;
}

export interface ObservingResult {
  readonly rounds: number;
  readonly rate: number;
  readonly costs: readonly ObservedCost[];
  readonly problems: Record<string, number>;
}

/** Compilers and collectors of garbage work for long after a start. */
const WARM_S = 30;
const RATE = 2_000;
const CONNECTIONS = 64;
/** A delivery to a collector is made so long after its first record at the latest, and takes a little. */
const WAIT_MS = 2_000;
const SENT_MS = 500;

export async function measureObserving(
  folder: string,
  driver: LoadDriver,
  { smoke, rounds, seconds }: Options,
): Promise<ObservingResult> {
  const port = await freePort();
  const program = join(import.meta.dirname, '..', '..', 'bench', 'collector.mjs');
  const collector = spawn(...pinned(LOAD_CORE, process.execPath, [program, String(port)]), {
    stdio: 'inherit',
  });
  adopt(collector);
  const waitMs = smoke ? SENT_MS : WAIT_MS;
  const sink = { use: 'otlp', url: `http://127.0.0.1:${port}`, batch: { wait: `${waitMs}ms` } };
  const configs = {
    without: { log_requests: false },
    'log and metrics': { prometheus: true },
    'and a collector on this machine': { prometheus: true, sinks: [sink] },
    'and what it is told compressed': { prometheus: true, sinks: [{ ...sink, gzip: true }] },
  };
  const problems: Record<string, number> = {};
  const targets: Target[] = [];
  for (const [name, observability] of Object.entries(configs)) {
    const config = { server: { threads: 1 }, auth: { required: false }, observability };
    // Two: it has all cores.
    const started = await startWith(config, join(folder, name.replaceAll(' ', '-')), 2);
    targets.push({ name, ...started, headers: () => ({}), model: (model) => model });
  }
  const body = chatRequest('mock/hello', false);
  const ask = (target: Target) => ({
    target,
    headers: { 'content-type': 'application/json' },
    body,
    connections: CONNECTIONS,
  });
  const costOf = async (target: Target): Promise<{ all: number; beside: number }> => {
    const pid = target.child!.pid!;
    const before = readCpu(pid);
    const { requests, problems: found } = await driver.constant({ ...ask(target), rate: RATE, seconds });
    await sleep(waitMs + SENT_MS);
    Object.assign(problems, found);
    const after = readCpu(pid);
    const all = cpuBetween(before, after).used;
    const serving = cpuBetween(only(before, pid), only(after, pid)).used;
    return { all: all / requests, beside: (all - serving) / requests };
  };
  for (const target of targets) await driver.fast({ ...ask(target), seconds: smoke ? 1 : WARM_S });
  const costs = targets.map(() => ({ all: [] as number[], beside: [] as number[] }));
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < targets.length; turn++) {
      const which = (turn + round) % targets.length;
      const { all, beside } = await costOf(targets[which]!);
      costs[which]!.all.push(all);
      costs[which]!.beside.push(beside);
    }
  }
  for (const { child } of targets) await stopChild(child!);
  const { told, different } = (await (await fetch(`${sink.url}/count`)).json()) as Record<string, number>;
  await stopChild(collector);
  if (told !== different) problems['told twice'] = Number(told) - Number(different);
  if (different === 0) problems['collectors were told nothing'] = 1;
  return {
    rounds,
    rate: RATE,
    problems,
    costs: targets.map(({ name }, i) => ({
      name,
      all: middle(costs[i]!.all),
      beside: middle(costs[i]!.beside),
      added: middle(costs[i]!.beside.map((cost, round) => cost - costs[0]!.beside[round]!)),
    })),
  };
}

const middle = (values: number[]): number => median(values) ?? Number.NaN;

/** Of the main thread, which serves where there is one I/O thread. */
function only({ threads, ticks }: CpuReading, pid: number): CpuReading {
  const main = threads.get(String(pid));
  return { threads: new Map(main === undefined ? [] : [[String(pid), main]]), ticks };
}
