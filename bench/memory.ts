/** Scenario `f`: resident memory of Headgate over many requests, with two I/O threads. */
import { stopChild } from './children.js';
import type { LoadDriver } from './driver.js';
import { startHeadgate } from './headgate.js';
import { readRss } from './proc.js';
import { chatRequest } from './shapes.js';
import { median } from './summary.js';
import { upstreamModel } from './target.js';

/** Bytes. */
export interface MemoryResult {
  threads: number;
  requests: number;
  problems: Record<string, number>;
  start: number;
  middle: number;
  end: number;
  highest: number;
  /** Median of the last quarter less median of the third: one reading catches the garbage collector anywhere. */
  growth: number;
  /** After each window, with the requests answered by then. */
  readings: { requests: number; rss: number }[];
}

const THREADS = 2;
const CONNECTIONS = 64;

export async function measureMemory(
  upstreamPort: number,
  folder: string,
  driver: LoadDriver,
  total: number,
): Promise<MemoryResult> {
  const target = await startHeadgate(upstreamPort, folder, THREADS);
  const pid = target.child!.pid!;
  const start = readRss(pid);
  const readings: MemoryResult['readings'] = [];
  const problems: Record<string, number> = {};
  const headers = { 'content-type': 'application/json', ...target.headers('same') };
  const body = chatRequest(target.model(upstreamModel('same', false)), false);
  let requests = 0;
  while (requests < total && Object.keys(problems).length === 0) {
    const result = await driver.fast({ target, headers, body, connections: CONNECTIONS, seconds: 1 });
    Object.assign(problems, result.problems);
    requests += result.requests;
    readings.push({ requests, rss: readRss(pid) });
  }
  await stopChild(target.child!);
  const within = (from: number, to: number) =>
    readings
      .filter((each) => each.requests > requests * from && each.requests <= requests * to)
      .map((each) => each.rss);
  const last = median(within(0.75, 1)) ?? Number.NaN;
  const third = median(within(0.5, 0.75)) ?? Number.NaN;
  return {
    threads: THREADS,
    requests,
    problems,
    start,
    middle: readings.find((each) => each.requests >= requests / 2)?.rss ?? Number.NaN,
    end: readings.at(-1)?.rss ?? Number.NaN,
    highest: Math.max(...readings.map((each) => each.rss)),
    growth: last - third,
    readings,
  };
}
