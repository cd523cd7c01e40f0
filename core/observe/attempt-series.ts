import type { AttemptRecord } from '@headgate/sdk';
import { Histogram } from './histogram.js';

/** Seconds of a try, from its dispatch to its end. */
const DURATIONS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600];

/** Failures one after the other from which on a target counts as failing. */
export const FAILING_FROM = 5;

/** All that is counted for tries at one model of one provider. */
export class AttemptSeries {
  readonly duration = new Histogram(DURATIONS);
  readonly statuses = new Map<number, number>();
  /** Tries at the target that was tried just before. */
  retries = 0;
  /** Tries since the last that was answered with what the provider stands for. */
  failuresInRow = 0;

  add(attempt: AttemptRecord, isRetry: boolean): void {
    const { status } = attempt;
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
    this.duration.observe(attempt.ms / 1000);
    if (isRetry) this.retries++;
    if (hasFailed(attempt)) this.failuresInRow++;
    else this.failuresInRow = 0;
  }

  get failing(): boolean {
    return this.failuresInRow >= FAILING_FROM;
  }
}

/** The target's own failure: what is wrong with a request (400, 404, 413, 422) says nothing about it. */
function hasFailed({ status, error }: AttemptRecord): boolean {
  if (status === 0) return error !== null && error !== 'client_closed';
  return status >= 500 || status === 401 || status === 403 || status === 408 || status === 429;
}
