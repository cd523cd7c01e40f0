import type { Period } from './window.js';

/** What may have rules of its own, from the key outwards; `customer` and `tag` are what the request says of itself. */
export type EntityKind = 'key' | 'project' | 'team' | 'organization' | 'user' | 'customer' | 'tag';

/** What requests are counted for: entities, and the server and the tool that a call is about. */
export type LinkKind = EntityKind | 'mcp_server' | 'mcp_tool';

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
  /**
   * What a request holds until its cost is known: `most`, the most it can cost; `expected`, what 95 % of the model's answers
   * have cost at most, so that what is in flight may pass the cap.
   */
  readonly reserve: 'most' | 'expected';
  /** So much more until then; nano-dollars and unix milliseconds. */
  readonly raise: { readonly nanos: number; readonly untilMs: number } | null;
  /** From this share of the cap on (above 0, at most 1) requests go to another target. */
  readonly downgrade: {
    readonly share: number;
    readonly provider: string;
    readonly model: string;
  } | null;
}

export type Measure = 'requests' | 'input_tokens' | 'output_tokens' | 'total_tokens' | 'nanos';

export interface LimitRule extends RuleWindow {
  readonly of: Measure;
  /** Most in a window; nano-dollars for `nanos`. */
  readonly max: number;
}

/** One of those that a request is counted for, with what it may use. */
export interface ChainLink {
  readonly kind: LinkKind;
  readonly id: string;
  /** For people. */
  readonly name: string;
  readonly budgets: readonly BudgetRule[];
  readonly limits: readonly LimitRule[];
  /** Requests that may run at once; null any number. */
  readonly parallel: number | null;
}
