import {
  type ChainLink,
  type Counter,
  type Host,
  type LimitRule,
  type Measure,
  ROLLING_MS,
} from '@headgate/sdk';
import { counterName, counterWindow, whoOf, windowText } from '../rule-text.js';

/** What a limit counts; dollars are the budget plugin's, which knows what a request may cost. */
export type Counted = Exclude<Measure, 'nanos'> | 'parallel';

/** One limit and the counter that all threads share for it; of `parallel`, requests that run. */
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

/** From this length on, what is counted is taken from the ledger after a restart, milliseconds. */
const RESTORED_MS = ROLLING_MS.hour;

/** Opens the counters of a link's limits; null when it has none. */
export function openLimits(link: ChainLink, host: Pick<Host, 'counters'>): Promise<readonly Limit[]> | null {
  const rules = link.limits.filter((rule) => rule.of !== 'nanos');
  if (rules.length === 0 && link.parallel === null) return null;
  const opening = rules.map((rule) => openWindow(link, rule, host));
  if (link.parallel !== null) opening.unshift(openParallel(link, link.parallel, host));
  return Promise.all(opening);
}

async function openParallel(link: ChainLink, max: number, host: Pick<Host, 'counters'>): Promise<Limit> {
  const counter = await host.counters.open(`running:${link.kind}:${link.id}`);
  return { who: whoOf(link), of: 'parallel', max, text: String(max), per: '', rolling: false, counter };
}

async function openWindow(link: ChainLink, rule: LimitRule, host: Pick<Host, 'counters'>): Promise<Limit> {
  const { kind, id } = link;
  const of = rule.of as Exclude<Measure, 'nanos'>;
  const counter = await host.counters.open(counterName(of, link, rule), {
    ...counterWindow(rule),
    ...(ROLLING_MS[rule.per] >= RESTORED_MS && { counts: { by: { kind, id }, measure: of } }),
  });
  const rolling = rule.window === 'rolling';
  const { max } = rule;
  return { who: whoOf(link), of, max, text: String(max), per: windowText(rule), rolling, counter };
}
