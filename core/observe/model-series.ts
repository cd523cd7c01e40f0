import type { Outcome, SettledRecord, Usage } from '@headgate/sdk';
import { isUnpriced } from '../store/unpriced.js';
import { Histogram } from './histogram.js';
import { LabelSets, type Room } from './label-sets.js';

/** Seconds; model answers take from a blink to minutes. */
const DURATIONS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600];
const FIRST_TOKENS = [0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1, 1.5, 2.5, 5, 10, 20, 30, 60];
/** From 1,000 tokens a second to one. */
const OUTPUT_TOKENS = [0.001, 0.0025, 0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1];

export const TOKEN_KINDS = [
  'input',
  'output',
  'cache_read',
  'cache_write',
  'reasoning',
  'input_audio',
  'output_audio',
] as const;

/** Refusals of the gateway itself, for what a caller may use. */
export const LIMIT_CODES: ReadonlySet<string> = new Set([
  'rate_limit_exceeded',
  'budget_exceeded',
  'too_many_in_flight',
]);
/** Plugins have codes of their own; beyond that many they are `other`. */
const MOST_CODES = 64;

/** What is counted for one caller at one model and provider. */
export class CallerSeries {
  /** Requests by outcome and HTTP status. */
  readonly ends = new Map<Outcome, Map<number, number>>();
  /** Errors by code and HTTP status. */
  readonly errors = new Map<string, Map<number, number>>();
  /** Answers by whether a cache had them: `miss`, `hit-exact` and the like. */
  readonly cache = new Map<string, number>();
  /** In the order of TOKEN_KINDS. */
  readonly tokens = new Float64Array(TOKEN_KINDS.length);
  costNano = 0;
  /** Requests whose cost is known; without one there is none to show. */
  priced = 0;
  /** Tokens of answers that came out of a cache. */
  cachedTokens = 0;

  add({ outcome, status, error, usage, costNano, cache }: SettledRecord): void {
    let statuses = this.ends.get(outcome);
    if (statuses === undefined) {
      statuses = new Map();
      this.ends.set(outcome, statuses);
    }
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (error !== '') this.addError(error, status);
    if (usage !== null) this.addUsage(usage);
    if (cache !== '') {
      this.cache.set(cache, (this.cache.get(cache) ?? 0) + 1);
      if (usage !== null && isHit(cache)) this.cachedTokens += usage.inputTokens + usage.outputTokens;
    }
    if (costNano !== null) {
      this.costNano += costNano;
      this.priced++;
    }
  }

  private addError(code: string, status: number): void {
    let statuses = this.errors.get(code);
    if (statuses === undefined && this.errors.size >= MOST_CODES && code !== 'other') {
      this.addError('other', status);
      return;
    }
    if (statuses === undefined) {
      statuses = new Map();
      this.errors.set(code, statuses);
    }
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }

  private addUsage(usage: Usage): void {
    const { tokens } = this;
    tokens[0]! += usage.inputTokens;
    tokens[1]! += usage.outputTokens;
    tokens[2]! += usage.cacheReadTokens;
    tokens[3]! += usage.cacheWriteTokens + usage.cacheWriteLongTokens;
    tokens[4]! += usage.reasoningTokens;
    tokens[5]! += usage.inputAudioTokens;
    tokens[6]! += usage.outputAudioTokens;
  }
}

/** Whether the word of a record says that a cache had the answer. */
export function isHit(cache: string): boolean {
  return cache.startsWith('hit');
}

/** How long requests took, in seconds. */
export class TimeSeries {
  readonly duration = new Histogram(DURATIONS);
  readonly firstToken = new Histogram(FIRST_TOKENS);
  readonly perToken = new Histogram(OUTPUT_TOKENS);

  add({ totalMs, firstTokenMs, usage }: SettledRecord): void {
    this.duration.observe(totalMs / 1000);
    if (firstTokenMs === null) return;
    this.firstToken.observe(firstTokenMs / 1000);
    const output = usage?.outputTokens ?? 0;
    // The first token is what the other time is about.
    if (output > 1) this.perToken.observe((totalMs - firstTokenMs) / 1000 / (output - 1));
  }
}

/** All that is counted for one model, provider and operation. */
export class ModelSeries {
  readonly times: LabelSets<TimeSeries>;
  readonly callers: LabelSets<CallerSeries>;
  unpriced = 0;
  /** Requests that another target answered than the first that was asked, or none did. */
  fallbacks = 0;
  failedFallbacks = 0;

  constructor(
    widths: { readonly callers: number; readonly times: number },
    room: { readonly callers: Room; readonly times: Room },
    safe?: (label: string) => string,
  ) {
    this.callers = new LabelSets(widths.callers, room.callers, () => new CallerSeries(), safe);
    this.times = new LabelSets(widths.times, room.times, () => new TimeSeries(), safe);
  }

  add(record: SettledRecord): void {
    if (record.costNano === null && isUnpriced(record)) this.unpriced++;
    const { attempts } = record;
    const [first] = attempts;
    const last = attempts.at(-1);
    if (first === undefined || last === undefined) return;
    if (first.provider === last.provider && first.model === last.model) return;
    if (record.outcome === 'error') this.failedFallbacks++;
    else this.fallbacks++;
  }
}
