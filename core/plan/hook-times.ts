import type { HookOutcome, HookTime, Phase } from '@headgate/sdk';
import type { Exchange } from '../exchange.js';
import type { Bound } from './plan.js';

/** Of requests that no hook was called for. */
export const NO_HOOKS: HookTime[] = [];
Object.freeze(NO_HOOKS);

type Named = Pick<Bound<Phase>, 'plugin' | 'phase'>;

/**
 * Notes a hook that has returned. The end of one is the beginning of the next in its list, so that each costs one look at the
 * clock; where no plugin has a hook nobody looks.
 *
 * @param from when it was called, monotonic milliseconds
 * @returns now
 */
export function hookDone(x: Exchange, hook: Named, from: number, outcome: HookOutcome): number {
  const now = performance.now();
  add(x, hook, from, now - from, outcome);
  return now;
}

/** Notes one that has made a promise, until {@link hookEnded}: the request may be over before. */
export function hookBegun(x: Exchange, hook: Named, from: number): HookTime {
  return add(x, hook, from, 0, 'unfinished');
}

/** @returns now, monotonic milliseconds */
export function hookEnded(x: Exchange, time: HookTime, outcome: HookOutcome): number {
  const now = performance.now();
  if (!x.settled) {
    time.ms = upTo(x, time, now);
    time.outcome = outcome;
  }
  return now;
}

/** What a gate, or a guard of a stream, has answered with. */
export function outcomeOf(answer: unknown): 'refused' | 'answered' {
  return (answer as { type?: unknown }).type === 'error' ? 'refused' : 'answered';
}

const RANK: Readonly<Record<HookOutcome, number>> = {
  unfinished: 0,
  passed: 1,
  changed: 2,
  answered: 3,
  refused: 4,
  failed: 5,
};

export const HOOK_OUTCOMES = Object.keys(RANK);

/** A hook that is called for each piece of an answer: one entry for all its calls. */
export class RepeatedHook {
  private time: HookTime | null = null;
  private outcome: HookOutcome = 'unfinished';

  constructor(
    private readonly x: Exchange,
    private readonly hook: Named,
  ) {}

  begin(): void {
    const { x, time } = this;
    const now = performance.now();
    if (time === null) {
      this.time = hookBegun(x, this.hook, now);
      return;
    }
    if (x.settled) return;
    time.calls++;
    time.restMs = now - x.startedAt - time.startMs - time.ms;
    time.outcome = 'unfinished';
  }

  /** @param outcome of this call; the gravest of all counts */
  end(outcome: HookOutcome): void {
    if (this.time === null) return;
    if (RANK[outcome] > RANK[this.outcome]) this.outcome = outcome;
    hookEnded(this.x, this.time, this.outcome);
  }
}

/** Those of a request that is settled now: what is not done has taken its time until here. */
export function hookTimes(x: Exchange, now: number): readonly HookTime[] {
  for (const time of x.hooks) if (time.outcome === 'unfinished') time.ms = upTo(x, time, now);
  return x.hooks;
}

function add(x: Exchange, hook: Named, from: number, ms: number, outcome: HookOutcome): HookTime {
  const { plugin, phase } = hook;
  const time = { plugin, phase, outcome, startMs: from - x.startedAt, ms, restMs: 0, calls: 1 };
  // What is settled has been told, also where a hook goes on.
  if (x.settled) return time;
  if (x.hooks === NO_HOOKS) x.hooks = [time];
  else x.hooks.push(time);
  return time;
}

function upTo(x: Exchange, { startMs, restMs }: HookTime, now: number): number {
  return now - x.startedAt - startMs - restMs;
}
