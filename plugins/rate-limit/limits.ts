import {
  type ChainLink,
  type Counter,
  type Host,
  type LimitRule,
  type Measure,
  ROLLING_MS,
  type UsedSoFar,
} from '@headgate/sdk';
import { counterName, counterWindow, whoOf, windowText } from '../rule-text.js';

/** What a limit counts; dollars are the budget plugin's, which knows what a request may cost. */
export type Counted = Exclude<Measure, 'nanos'>;

/** One limit and the counter that all threads share for it. */
export interface Limit {
  readonly who: string;
  readonly of: Counted;
  readonly max: number;
  /** The most as text. */
  readonly text: string;
  /** `a minute` */
  readonly per: string;
  readonly rolling: boolean;
  readonly counter: Counter;
}

/** Requests that may run at once. */
export interface Parallel {
  readonly who: string;
  readonly max: number;
  readonly running: Counter;
}

export interface LinkLimits {
  readonly limits: readonly Limit[];
  readonly parallel: Parallel | null;
}

/** From this length on, what is counted is taken from the ledger after a restart, milliseconds. */
const RESTORED_MS = ROLLING_MS.hour;

/** Opens the counters of a link's limits; null when it has none. */
export function openLimits(
  link: ChainLink,
  host: Pick<Host, 'counters' | 'used'>,
): Promise<readonly LinkLimits[]> | null {
  const rules = link.limits.filter((rule) => rule.of !== 'nanos');
  if (rules.length === 0 && link.parallel === null) return null;
  return open(link, rules, host);
}

async function open(
  link: ChainLink,
  rules: readonly LimitRule[],
  host: Pick<Host, 'counters' | 'used'>,
): Promise<readonly LinkLimits[]> {
  const { kind, id, parallel } = link;
  const who = whoOf(link);
  const limits = rules.map(async (rule): Promise<Limit> => {
    const of = rule.of as Counted;
    const restore = async (since: number): Promise<number> =>
      usedOf(of, await host.used({ kind, id }, since));
    const counter = await host.counters.open(counterName(of, link, rule), {
      ...counterWindow(rule),
      ...(ROLLING_MS[rule.per] >= RESTORED_MS && { restore }),
    });
    const rolling = rule.window === 'rolling';
    return { who, of, max: rule.max, text: String(rule.max), per: windowText(rule), rolling, counter };
  });
  const running = parallel === null ? null : await host.counters.open(`running:${kind}:${id}`);
  return [
    {
      limits: await Promise.all(limits),
      parallel: parallel === null || running === null ? null : { who, max: parallel, running },
    },
  ];
}

/** What of a usage counts for a limit. */
export function usedOf(of: Counted, used: Omit<UsedSoFar, 'nanos'>): number {
  switch (of) {
    case 'requests':
      return used.requests;
    case 'input_tokens':
      return used.inputTokens;
    case 'output_tokens':
      return used.outputTokens;
    case 'total_tokens':
      return used.inputTokens + used.outputTokens;
  }
}
