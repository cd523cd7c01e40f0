import type {
  BaseView,
  DefaultNeeds,
  Host,
  Reply,
  RequestView,
  Reservation,
  SettledRecord,
  Slot,
} from '@headgate/sdk';
import { WatchedChain } from '../watched-chain.js';
import { type Counted, type Limit, type LinkLimits, openLimits, usedOf } from './limits.js';
import { familyOf, parallelRefusal, refusal, showLimit } from './told.js';

/** What a chat answer is taken to need when the request sets no cap: most answers are shorter. */
const DEFAULT_OUTPUT_TOKENS = 1024;

/** What is reserved until it is known how much was used. */
interface Taken {
  readonly of: Counted | 'parallel';
  readonly reservation: Reservation;
}

interface Held {
  taken: Taken[];
}

/** The limit of each family that is nearest to its end. */
interface Shown {
  limit: Limit;
  remaining: number;
}

/** Moves the shared counters of all that have limits. One a thread; the counters are the same in all of them. */
export class RateLimiter {
  readonly #watched: WatchedChain<LinkLimits>;
  /** What a request holds from `admit` to `correct`. */
  readonly #held: Slot<Held>;

  constructor(private readonly host: Pick<Host, 'clock' | 'counters' | 'slot' | 'used'>) {
    this.#watched = new WatchedChain((link) => openLimits(link, host));
    this.#held = host.slot(() => ({ taken: [] }));
  }

  /** Takes one request, and what it may need, from every window; answers for the provider when one of them is used up. */
  admit(view: RequestView<DefaultNeeds>): Reply | undefined | Promise<Reply | undefined> {
    const chain = view.principal?.chain;
    if (chain === undefined) return undefined;
    const watched = this.#watched.of(chain);
    if (watched instanceof Promise) return watched.then((all) => this.#takeAll(view, all));
    return this.#takeAll(view, watched);
  }

  #takeAll(view: RequestView<DefaultNeeds>, watched: readonly LinkLimits[]): Reply | undefined {
    if (watched.length === 0) return undefined;
    const taken: Taken[] = [];
    const shown: Shown[] = [];
    for (const { limits, parallel } of watched) {
      if (parallel !== null) {
        const reservation = parallel.running.reserve(1, parallel.max);
        if (reservation === null) {
          giveBack(taken);
          return parallelRefusal(parallel);
        }
        taken.push({ of: 'parallel', reservation });
      }
      for (const limit of limits) {
        // A request that could never fit is let through when its window is still empty, rather than refused for ever.
        const reservation = limit.counter.reserve(Math.min(needed(view, limit.of), limit.max), limit.max);
        if (reservation === null) {
          giveBack(taken);
          return this.#refuse(view, limit, watched);
        }
        taken.push({ of: limit.of, reservation });
        note(shown, limit, limit.max - reservation.total);
      }
    }
    view.state(this.#held).taken = taken;
    this.#show(view, shown);
    return undefined;
  }

  #refuse(view: RequestView<DefaultNeeds>, reached: Limit, watched: readonly LinkLimits[]): Reply {
    const shown: Shown[] = [];
    for (const { limits } of watched)
      for (const limit of limits) note(shown, limit, limit.max - limit.counter.value());
    // Of its own family the one that refuses is told, whatever another has left.
    const others = shown.filter(({ limit }) => familyOf(limit) !== familyOf(reached));
    const remaining = Math.max(0, reached.max - reached.counter.value());
    this.#show(view, [...others, { limit: reached, remaining }]);
    return refusal(reached, remaining, this.#msToReset(reached));
  }

  #show(view: RequestView<DefaultNeeds>, shown: readonly Shown[]): void {
    for (const { limit, remaining } of shown) showLimit(view, limit, remaining, this.#msToReset(limit));
  }

  /** Replaces the estimates by what was used, in the windows they were taken from. */
  correct(record: SettledRecord, view: BaseView): void {
    if (view.principal?.chain === undefined) return;
    for (const { of, reservation } of view.state(this.#held).taken) {
      if (of === 'parallel') reservation.settle(0);
      else if (of !== 'requests') settle(reservation, of, record);
    }
  }

  #msToReset({ counter }: Limit): number {
    return counter.resetsAt() - this.host.clock.now();
  }
}

/** A refused request does not count. */
function giveBack(taken: readonly Taken[]): void {
  for (const { reservation } of taken) reservation.settle(0);
}

function note(shown: Shown[], limit: Limit, remaining: number): void {
  const at = shown.findIndex((one) => familyOf(one.limit) === familyOf(limit));
  const known = shown[at];
  if (known === undefined) shown.push({ limit, remaining });
  else if (remaining / limit.max < known.remaining / known.limit.max) shown[at] = { limit, remaining };
}

/** A guess from above: four bytes of JSON a token, and all the output that was allowed. Counting tokens uses none. */
function needed(view: RequestView<DefaultNeeds>, of: Counted): number {
  if (of === 'requests') return 1;
  if (view.operation === 'count-tokens') return 0;
  return usedOf(of, {
    requests: 1,
    inputTokens: Math.ceil(view.body.length / 4),
    outputTokens: view.operation === 'chat' ? (view.maxOutputTokens() ?? DEFAULT_OUTPUT_TOKENS) : 0,
  });
}

function settle(reservation: Reservation, of: Counted, record: SettledRecord): void {
  const { usage, provider, outcome } = record;
  if (usage !== null)
    reservation.settle(
      usedOf(of, { requests: 1, inputTokens: usage.inputTokens, outputTokens: usage.outputTokens }),
    );
  // Answered by a cache or refused by a guard: no provider was asked. A failed request used nothing we know of. Of any other
  // nobody knows, and the estimate stays.
  else if (provider === '' || outcome === 'error') reservation.settle(0);
}
