/** How long calls take that are made one after the other, by several ways in turns, and what they cost a process. */
import type { Echo } from './direct-server.js';
import { cpuBetween, readCpu } from './proc.js';

/** One way in one round: milliseconds, and microseconds of CPU of the gateway a call. */
export interface Times {
  readonly p50: number;
  readonly p99: number;
  readonly cpu: number;
}

async function timed(echo: Echo, calls: number, pid: number): Promise<Times> {
  const times: number[] = [];
  const before = readCpu(pid);
  for (let i = 0; i < calls; i++) {
    const began = performance.now();
    const answer = await echo(`number ${i}`);
    times.push(performance.now() - began);
    if (!answer.includes(`Echo: number ${i}`)) throw new Error(`another answer: ${answer.slice(0, 500)}`);
  }
  const cpu = cpuBetween(before, readCpu(pid)).used / calls;
  times.sort((a, b) => a - b);
  return { p50: at(times, 0.5), p99: at(times, 0.99), cpu };
}

/**
 * In every round each way once, each time another one first. One round before them warms up.
 *
 * @param pid of the gateway
 */
export async function inTurns<Name extends string>(
  ways: Readonly<Record<Name, Echo>>,
  { calls, rounds, pid }: { calls: number; rounds: number; pid: number },
): Promise<Record<Name, Times[]>> {
  const names = Object.keys(ways) as Name[];
  const all = Object.fromEntries(names.map((name) => [name, [] as Times[]])) as Record<Name, Times[]>;
  for (const name of names) await timed(ways[name], calls, pid);
  for (let round = 0; round < rounds; round++)
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + round) % names.length] as Name;
      all[name].push(await timed(ways[name], calls, pid));
    }
  return all;
}

/** What a way adds to another one, a round each. */
export function added(way: readonly Times[], to: readonly Times[]): number {
  return median(way.map(({ p50 }, i) => p50 - (to[i] as Times).p50));
}

export function median(values: readonly number[]): number {
  return at(
    values.toSorted((a, b) => a - b),
    0.5,
  );
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] as number;
}
