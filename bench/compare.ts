/** Several configurations of Headgate under the same load: what does a request cost more with one than with the other? */
import { join } from 'node:path';
import { stopChild } from './children.js';
import type { LoadDriver } from './driver.js';
import { startWith } from './headgate.js';
import type { Options } from './options.js';
import { cpuBetween, readCpu } from './proc.js';
import { chatRequest } from './shapes.js';
import { median } from './summary.js';
import type { Target } from './target.js';

/** What the requests show, whether or not it is asked for. */
export const CLIENT_KEY = 'hg-bench-key-0123456789';
const CONNECTIONS = 64;

/** Puts each of them under the same load in turn, one process each on its core. @returns CPU of a request in microseconds, of each round */
export async function compare<Name extends string>(
  configs: Readonly<Record<Name, object>>,
  folder: string,
  driver: LoadDriver,
  options: Options,
  after: (targets: readonly Target[]) => Promise<void> = async () => {},
): Promise<{ costs: Record<Name, number[]>; problems: Record<string, number> }> {
  const targets: Target[] = [];
  for (const [name, config] of Object.entries(configs)) {
    const { port, child } = await startWith(config as object, join(folder, name), 1);
    const headers = () => ({ authorization: `Bearer ${CLIENT_KEY}` });
    targets.push({ name, port, child, headers, model: (model) => model });
  }
  const problems: Record<string, number> = {};
  const costs = Object.fromEntries(targets.map(({ name }) => [name, []])) as unknown as Record<
    Name,
    number[]
  >;
  const cpuOf = async (target: Target, seconds: number): Promise<number> => {
    const pid = target.child!.pid!;
    const headers = { 'content-type': 'application/json', ...target.headers('same') };
    const before = readCpu(pid);
    const load = {
      target,
      headers,
      body: chatRequest('mock/hello', false),
      connections: CONNECTIONS,
      seconds,
    };
    const result = await driver.fast(load);
    Object.assign(problems, result.problems);
    return cpuBetween(before, readCpu(pid)).used / result.requests;
  };
  // Code that has not run yet is slow.
  for (const target of targets) await cpuOf(target, options.smoke ? 1 : 3);
  for (let round = 0; round < options.rounds; round++) {
    for (let turn = 0; turn < targets.length; turn++) {
      const target = targets[(turn + round) % targets.length]!;
      costs[target.name as Name].push(await cpuOf(target, options.seconds));
    }
  }
  await after(targets);
  for (const { child } of targets) await stopChild(child!);
  return { costs, problems };
}

export const middle = (values: number[]): number => median(values) ?? Number.NaN;
/** The median of what one costs more than another in the same round. */
export const more = (some: number[], less: number[]): number =>
  middle(some.map((cost, i) => cost - less[i]!));
