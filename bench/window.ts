/** One window: a scenario's load on one contender, and what its process used meanwhile. */
import { hasEnded } from './children.js';
import type { LoadDriver } from './driver.js';
import { cpuBetween, readCpu, readRss } from './proc.js';
import type { Scenario } from './scenarios.js';
import type { LoadResult } from './tally.js';
import type { Target } from './target.js';

/** Figures of a window. Times in microseconds; those of the process are absent for direct. */
export interface Figures {
  /** Requests or events a second. */
  rate: number;
  /** Whole answer, or first event of a stream. */
  p50: number;
  p99: number;
  /** CPU time of the contender's process for one request or event. */
  cpu?: number;
  /** Share of one core that it used, and time its threads were ready but had no core, summed, as a share of the window. */
  busy?: number;
  starved?: number;
  /** Resident memory at the end, bytes. */
  rss?: number;
}

const NO_FIGURES: Figures = { rate: Number.NaN, p50: Number.NaN, p99: Number.NaN };

export interface Window {
  round: number;
  /** Why the window does not count; empty for a valid one. */
  problems: Record<string, number>;
  requests: number;
  figures: Figures;
}

export async function measure(
  scenario: Scenario,
  target: Target,
  driver: LoadDriver,
  seconds: number,
  round: number,
): Promise<Window> {
  const { child } = target;
  const pid = child?.pid;
  const ended = () => child !== undefined && hasEnded(child);
  if (ended()) return { round, problems: { 'its process has ended': 1 }, requests: 0, figures: NO_FIGURES };
  const before = pid === undefined ? undefined : readCpu(pid);
  const started = performance.now();
  const result = await scenario.load(target, driver, seconds);
  const wall = (performance.now() - started) * 1000;
  const problems = { ...result.problems };
  const figures = clientFigures(scenario, result);
  if (pid !== undefined && before !== undefined) {
    if (ended()) {
      problems['its process ended'] = 1;
    } else {
      const use = cpuBetween(before, readCpu(pid));
      figures.cpu = use.used / (result.requests * scenario.unitsPerRequest);
      figures.busy = use.used / wall;
      figures.starved = use.waited / wall;
      figures.rss = readRss(pid);
    }
  }
  return { round, problems, requests: result.requests, figures };
}

function clientFigures(scenario: Scenario, result: LoadResult): Figures {
  const times = result.firstEvent ?? result.latency;
  const rate = (result.requests * scenario.unitsPerRequest) / result.seconds;
  return { rate, p50: times.p50, p99: times.p99 };
}
