import type { Operation, Outcome, Usage } from '@headgate/sdk';
import { Histogram } from './histogram.js';

/** Seconds; model answers take from a blink to minutes. */
const DURATIONS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600];
const FIRST_TOKENS = [0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1, 1.5, 2.5, 5, 10, 20, 30, 60];

export const TOKEN_KINDS = ['input', 'output', 'cache_read', 'cache_write', 'reasoning'] as const;

/** Requests of one operation at one model and provider. */
export class OperationSeries {
  readonly duration = new Histogram(DURATIONS);
  /** Requests by outcome and HTTP status. */
  readonly ends = new Map<Outcome, Map<number, number>>();

  end(outcome: Outcome, status: number): void {
    let statuses = this.ends.get(outcome);
    if (statuses === undefined) {
      statuses = new Map();
      this.ends.set(outcome, statuses);
    }
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
}

/** All that is counted for one model and provider. */
export class ModelSeries {
  readonly operations = new Map<Operation, OperationSeries>();
  readonly firstToken = new Histogram(FIRST_TOKENS);
  /** In the order of TOKEN_KINDS. */
  readonly tokens = new Float64Array(TOKEN_KINDS.length);
  /** Nano-dollars by name of the caller's key. */
  readonly costs = new Map<string, number>();
  unpriced = 0;

  operation(name: Operation): OperationSeries {
    let series = this.operations.get(name);
    if (series === undefined) {
      series = new OperationSeries();
      this.operations.set(name, series);
    }
    return series;
  }

  addUsage(usage: Usage): void {
    const tokens = this.tokens;
    tokens[0]! += usage.inputTokens;
    tokens[1]! += usage.outputTokens;
    tokens[2]! += usage.cacheReadTokens;
    tokens[3]! += usage.cacheWriteTokens + usage.cacheWriteLongTokens;
    tokens[4]! += usage.reasoningTokens;
  }
}
