/**
 * Scenario `o`: what being observed costs a request, over all threads of the process: a line of the log each, the page of metrics,
 * and a collector on the same machine that is told of each as a trace. The records that money is counted from are there in any case.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { adopt, freePort, LOAD_CORE, pinned, stopChild } from './children.js';
import { compare, middle, more } from './compare.js';
import type { LoadDriver } from './driver.js';
import type { Options } from './options.js';

/** CPU time of a request in microseconds, medians over the rounds; differences are of the same round. */
export interface ObservingResult {
  rounds: number;
  without: number;
  /** A line of the log each, and metrics. */
  logged: number;
  addedLogged: number;
  /** And a collector. */
  told: number;
  addedTold: number;
  /** And what it is told is compressed, as for one on another machine. */
  packed: number;
  addedPacked: number;
  /** Requests that the collectors were told of more than once, or not at all. */
  problems: Record<string, number>;
}

/** A delivery to a collector is made so long after its first record at the latest, and takes a little. */
const WAIT_MS = 2_000;
const SENT_MS = 500;

export async function measureObserving(
  folder: string,
  driver: LoadDriver,
  options: Options,
): Promise<ObservingResult> {
  const port = await freePort();
  const program = join(import.meta.dirname, '..', '..', 'bench', 'collector.mjs');
  const collector = spawn(...pinned(LOAD_CORE, process.execPath, [program, String(port)]), {
    stdio: 'inherit',
  });
  adopt(collector);
  const base = { server: { threads: 1 }, auth: { required: false } };
  const wait = options.smoke ? SENT_MS : WAIT_MS;
  const collectorAt = { use: 'otlp', url: `http://127.0.0.1:${port}`, batch: { wait: `${wait}ms` } };
  const logged = { prometheus: true, log_requests: true };
  const configs = {
    without: { ...base, observability: { log_requests: false } },
    logged: { ...base, observability: logged },
    told: { ...base, observability: { ...logged, sinks: [collectorAt] } },
    packed: { ...base, observability: { ...logged, sinks: [{ ...collectorAt, gzip: true }] } },
  };
  const { costs, problems } = await compare(configs, folder, driver, options, { settleMs: wait + SENT_MS });
  const { told, different } = (await (await fetch(`${collectorAt.url}/count`)).json()) as Record<
    string,
    number
  >;
  await stopChild(collector);
  if (told !== different) problems['told twice'] = Number(told) - Number(different);
  if (different === 0) problems['collectors were told nothing'] = 1;
  return {
    rounds: options.rounds,
    without: middle(costs.without),
    logged: middle(costs.logged),
    addedLogged: more(costs.logged, costs.without),
    told: middle(costs.told),
    addedTold: more(costs.told, costs.without),
    packed: middle(costs.packed),
    addedPacked: more(costs.packed, costs.without),
    problems,
  };
}
