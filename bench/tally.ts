/** What one window of load saw: counts, problems by reason, and the times of its requests. */
import { type Connection, clock } from './connection.js';

/** What a complete answer must have brought, else it counts as a problem. */
export interface Expectation {
  /** Least number of `data:` lines; 0 for an answer that is not streamed. */
  events: number;
  /** Least number of bytes of the body. */
  bytes: number;
}

/** Microseconds. */
interface Percentiles {
  p50: number;
  p99: number;
}

export interface LoadResult {
  requests: number;
  events: number;
  /** How often each thing went wrong; empty for a valid window. */
  problems: Record<string, number>;
  /** From when the first request was due to the last answer. */
  seconds: number;
  latency: Percentiles;
  firstEvent: Percentiles | undefined;
}

export class Tally {
  private readonly problems: Record<string, number> = {};
  private readonly latencies: number[] = [];
  private readonly firstEvents: number[] = [];
  private events = 0;
  private startedAt = Number.POSITIVE_INFINITY;
  private endedAt = 0;

  constructor(private readonly expected: Expectation) {}

  answer(connection: Connection): void {
    const { status, counter, bodyBytes } = connection.reader;
    this.endedAt = clock();
    this.startedAt = Math.min(this.startedAt, connection.dueAt);
    this.latencies.push(this.endedAt - connection.dueAt);
    this.events += counter.events;
    if (status !== 200) this.problem(`status ${status}`);
    else if (bodyBytes < this.expected.bytes) this.problem(`answer of ${bodyBytes} bytes`);
    else if (counter.events < this.expected.events) this.problem(`stream of ${counter.events} events`);
    else if (this.expected.events > 0 && !counter.done) this.problem('stream without [DONE]');
    else if (this.expected.events > 0) this.firstEvents.push(connection.firstEventAt - connection.dueAt);
  }

  problem(reason: string): void {
    this.problems[reason] = (this.problems[reason] ?? 0) + 1;
  }

  result(): LoadResult {
    if (this.latencies.length === 0) this.problem('no answer at all');
    return {
      requests: this.latencies.length,
      events: this.events,
      problems: this.problems,
      seconds: Math.max(0, this.endedAt - this.startedAt) / 1000,
      latency: percentiles(this.latencies) ?? { p50: Number.NaN, p99: Number.NaN },
      firstEvent: percentiles(this.firstEvents),
    };
  }
}

/** @param millis times in milliseconds @returns microseconds */
function percentiles(millis: number[]): Percentiles | undefined {
  if (millis.length === 0) return undefined;
  const sorted = Float64Array.from(millis).sort();
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]! * 1000;
  return { p50: at(0.5), p99: at(0.99) };
}
