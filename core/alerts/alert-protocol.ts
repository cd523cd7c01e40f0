import type { Silence } from './alert-book.js';
import type { Severity } from './alert-settings.js';

/** What can be asked of whoever looks at the rules. */
export type AlertAsk =
  | { readonly do: 'list' }
  | { readonly do: 'silence'; readonly silence: Omit<Silence, 'id'> }
  | { readonly do: 'unsilence'; readonly id: string }
  | { readonly do: 'test'; readonly destination: string };

export interface ShownAlert {
  readonly id: string;
  readonly rule: string;
  readonly subject: string;
  readonly severity: Severity;
  /** `pending`: not long enough yet; `ending`: found no longer, and told so soon. */
  readonly state: 'pending' | 'firing' | 'silenced' | 'ending';
  readonly title: string;
  readonly text: string;
  readonly sinceMs: number;
  readonly toldMs: number | null;
}

export interface ShownDestination {
  readonly name: string;
  readonly kind: string;
  /** Messages that wait. */
  readonly waiting: number;
  /** The last try was refused. */
  readonly failing: boolean;
}

export type AlertReply =
  | {
      readonly alerts: readonly ShownAlert[];
      readonly silences: readonly Silence[];
      readonly destinations: readonly ShownDestination[];
    }
  | { readonly silence: Silence }
  | { readonly removed: boolean }
  | { readonly delivered: boolean; readonly why: string }
  /** There is no such destination. */
  | { readonly unknown: string };
