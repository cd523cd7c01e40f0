import type { MetricFamily } from './metric-family.js';
import type { ThreadState } from './thread-watch.js';

/** A budget as it is at the moment, but for what was spent of it. */
export interface BudgetFact {
  readonly kind:
    | 'key'
    | 'project'
    | 'team'
    | 'organization'
    | 'user'
    | 'customer'
    | 'tag'
    | 'mcp_server'
    | 'mcp_tool';
  readonly id: string;
  /** For people. */
  readonly name: string;
  readonly per: string;
  readonly hard: boolean;
  readonly capNanos: number;
  /** Of its window, unix milliseconds; `endMs` is null for one that moves with the clock. */
  readonly startMs: number;
  readonly endMs: number | null;
}

/** Something that stops to work at that moment. */
export interface ExpiryFact {
  readonly kind: string;
  readonly id: string;
  readonly name: string;
  /** Unix milliseconds. */
  readonly expiresMs: number;
}

/** What the main thread knows and the ledger's does not. Plain data: it travels between them. */
export interface MainFacts {
  readonly families: readonly MetricFamily[];
  readonly threads: readonly ThreadState[];
  readonly budgets: readonly BudgetFact[];
  readonly expiring: readonly ExpiryFact[];
}

export const NO_FACTS: MainFacts = { families: [], threads: [], budgets: [], expiring: [] };
