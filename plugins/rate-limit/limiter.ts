import {
  type BaseView,
  type DefaultNeeds,
  type GroupRefusal,
  type GroupReservation,
  type Host,
  measured,
  type Reply,
  type RequestView,
  type SettledRecord,
  type Slot,
} from '@headgate/sdk';
import { uncounted } from '../uncounted.js';
import { WatchedChain } from '../watched-chain.js';
import { type LimitSet, limitSet } from './limit-set.js';
import { type Limit, openLimits } from './limits.js';
import { familyOf, parallelRefusal, refusal, showLimit } from './told.js';

/** What a chat answer is taken to need when the request sets no cap: most answers are shorter. */
const DEFAULT_OUTPUT_TOKENS = 1024;

/** What a request holds from `admit` to `correct`. */
interface Held {
  set: LimitSet | null;
  taken: GroupReservation | null;
}

/** Moves the shared counters of all that have limits. One a thread; the counters are the same in all of them. */
export class RateLimiter {
  readonly #watched: WatchedChain<Limit, LimitSet>;
  readonly #held: Slot<Held>;

  constructor(private readonly host: Pick<Host, 'clock' | 'counters' | 'slot'>) {
    this.#watched = new WatchedChain(
      (link) => openLimits(link, host),
      (limits) => limitSet(limits, host),
    );
    this.#held = host.slot(() => ({ set: null, taken: null }));
  }

  /** Takes one request, and what it may need, from every window; answers for the provider when one of them is used up. */
  admit(view: RequestView<DefaultNeeds>): Reply | undefined | Promise<Reply | undefined> {
    return this.#watched.with(view, (set) => this.#take(view, set));
  }

  #take(view: RequestView<DefaultNeeds>, set: LimitSet): Reply | undefined | Promise<Reply | undefined> {
    const taken = set.group.reserve(needs(view, set), set.caps);
    if (taken instanceof Promise) return taken.then((later) => this.#begin(view, set, later));
    return this.#begin(view, set, taken);
  }

  #begin(
    view: RequestView<DefaultNeeds>,
    set: LimitSet,
    taken: GroupReservation | GroupRefusal,
  ): Reply | undefined {
    if (taken.refused !== null) {
      const limit = set.limits[taken.refused] as Limit;
      return taken.unavailable ? uncounted(limit.who) : this.#refuse(view, set, limit);
    }
    if (view.ended) {
      taken.settle(set.limits.map(() => 0));
      return undefined;
    }
    const held = view.state(this.#held);
    held.set = set;
    held.taken = taken;
    this.#show(view, set, taken.totals);
    return undefined;
  }

  /** A refused request does not count. */
  #refuse(view: RequestView<DefaultNeeds>, set: LimitSet, reached: Limit): Reply {
    if (reached.of === 'parallel') return parallelRefusal(reached);
    const { limits } = set;
    const totals = limits.map(({ counter }) => counter.value());
    // Of its own family the one that refuses is told, whatever another has left.
    this.#show(view, set, totals, reached);
    const remaining = Math.max(0, reached.max - (totals[limits.indexOf(reached)] as number));
    showLimit(view, reached, remaining, this.#msToReset(reached));
    return refusal(reached, remaining, this.#msToReset(reached));
  }

  /** Of each family, the limit that is nearest to its end. */
  #show(
    view: RequestView<DefaultNeeds>,
    { families, limits }: LimitSet,
    totals: readonly number[],
    but?: Limit,
  ): void {
    for (const family of families) {
      let nearest = limits[family[0] as number] as Limit;
      if (but !== undefined && familyOf(nearest) === familyOf(but)) continue;
      let left = nearest.max - (totals[family[0] as number] as number);
      for (let i = 1; i < family.length; i++) {
        const limit = limits[family[i] as number] as Limit;
        const remaining = limit.max - (totals[family[i] as number] as number);
        if (remaining / limit.max >= left / nearest.max) continue;
        nearest = limit;
        left = remaining;
      }
      showLimit(view, nearest, left, this.#msToReset(nearest));
    }
  }

  /** Another rule has refused the request: it counts as none, and what is left is told without it. */
  giveBack(view: RequestView<DefaultNeeds>): void {
    if (view.principal?.chain === undefined) return;
    const held = view.state(this.#held);
    const { set, taken } = held;
    if (set === null || taken === null) return;
    held.taken = null;
    taken.settle(set.limits.map(() => 0));
    this.#show(
      view,
      set,
      set.limits.map(({ counter }) => counter.value()),
    );
  }

  /** Replaces the estimates by what was used, in the windows they were taken from. */
  correct(record: SettledRecord, view: BaseView): void {
    if (view.principal?.chain === undefined) return;
    const { set, taken } = view.state(this.#held);
    if (set === null || taken === null) return;
    const { limits } = set;
    const used: number[] = [];
    for (let i = 0; i < limits.length; i++) used.push(truth((limits[i] as Limit).of, record));
    taken.settle(used);
  }

  #msToReset({ counter }: Limit): number {
    return counter.resetsAt() - this.host.clock.now();
  }
}

/** What a request may need of each limit. A guess from above: four bytes of JSON a token, and all the output that was allowed. */
function needs(view: RequestView<DefaultNeeds>, { limits, tokens }: LimitSet): number[] {
  // Counting tokens and calling tools use none.
  const counts = tokens && view.operation !== 'count-tokens' && view.operation !== 'tool';
  const inputTokens = counts ? Math.ceil(view.body.length / 4) : 0;
  const chat = counts && view.operation === 'chat';
  const outputTokens = chat ? (view.maxOutputTokens() ?? DEFAULT_OUTPUT_TOKENS) : 0;
  const needed: number[] = [];
  for (let i = 0; i < limits.length; i++) {
    const { of, max } = limits[i] as Limit;
    const amount =
      of === 'parallel' || of === 'requests'
        ? 1
        : of === 'total_tokens'
          ? inputTokens + outputTokens
          : of === 'input_tokens'
            ? inputTokens
            : outputTokens;
    // A request that could never fit is let through when its window is still empty, rather than refused for ever.
    needed.push(Math.min(amount, max));
  }
  return needed;
}

/** What was used of a limit; NaN when the estimate stays. */
function truth(of: Limit['of'], { usage, provider, outcome }: SettledRecord): number {
  if (of === 'parallel') return 0;
  if (of === 'requests') return Number.NaN;
  if (usage !== null) {
    const { inputTokens, outputTokens } = usage;
    return measured(of, { requests: 1, inputTokens, outputTokens, nanos: 0 });
  }
  // Answered by a cache or refused by a guard: no provider was asked. A failed request used nothing we know of. Of any other
  // nobody knows, and the estimate stays.
  return provider === '' || outcome === 'error' ? 0 : Number.NaN;
}
