import type { Period } from './window.js';

/** What may have rules of its own, from the key outwards; `customer` and `tag` are what the request says of itself. */
export type EntityKind = 'key' | 'project' | 'team' | 'organization' | 'user' | 'customer' | 'tag';

/** A stretch of time that a rule counts in. */
export interface RuleWindow {
  /** A rolling month has 30 days, a rolling year 365. */
  readonly per: Period;
  /** `calendar`: from the start of each period; `rolling`: the time that has just passed. */
  readonly window: 'calendar' | 'rolling';
  /** IANA name of the zone whose calendar counts; `UTC` for rolling windows. */
  readonly timeZone: string;
}

export interface BudgetRule extends RuleWindow {
  /** Nano-dollars: 1 US dollar is 1e9. */
  readonly capNanos: number;
  /** False: passing it is told, not refused. */
  readonly hard: boolean;
}

export type Measure = 'requests' | 'input_tokens' | 'output_tokens' | 'total_tokens' | 'nanos';

export interface LimitRule extends RuleWindow {
  readonly of: Measure;
  /** Most in a window; nano-dollars for `nanos`. */
  readonly max: number;
}

/** One of those that a request is counted for, with what it may use. */
export interface ChainLink {
  readonly kind: EntityKind;
  readonly id: string;
  /** For people. */
  readonly name: string;
  readonly budgets: readonly BudgetRule[];
  readonly limits: readonly LimitRule[];
  /** Requests that may run at once; null any number. */
  readonly parallel: number | null;
}

const isUtcCalendar = ({ window, timeZone }: RuleWindow): boolean =>
  window === 'calendar' && timeZone === 'UTC';

/** The link's first limit of that in a minute of the clock. */
export function minuteLimit({ limits }: ChainLink, of: Measure): LimitRule | undefined {
  return limits.find((one) => one.of === of && one.per === 'minute' && isUtcCalendar(one));
}

/** Requests and tokens a minute of the clock, as far as the link limits them. */
export function minuteLimits(link: ChainLink): { rpm?: number; tpm?: number } {
  const [rpm, tpm] = [minuteLimit(link, 'requests')?.max, minuteLimit(link, 'total_tokens')?.max];
  return { ...(rpm !== undefined && { rpm }), ...(tpm !== undefined && { tpm }) };
}

/** The link's first hard budget of a calendar period in UTC. */
export function calendarBudgetRule({ budgets }: ChainLink): BudgetRule | undefined {
  return budgets.find((one) => one.hard && isUtcCalendar(one));
}

/** What {@link calendarBudgetRule} holds the link to. */
export function calendarBudget(link: ChainLink): { capNanos: number; per: Period } | null {
  const found = calendarBudgetRule(link);
  return found === undefined ? null : { capNanos: found.capNanos, per: found.per };
}
