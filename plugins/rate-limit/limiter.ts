import {
  type BaseView,
  type Counter,
  type Counters,
  type DefaultNeeds,
  type Host,
  minuteLimits,
  type Reply,
  type RequestView,
  type Reservation,
  type SettledRecord,
  type Slot,
} from '@headgate/sdk';
import { WatchedPrincipals } from '../watched-principals.js';
import { type Allowance, refusal, showLimit } from './told.js';

/** What a chat answer is taken to need when the request sets no cap: most answers are shorter. */
const DEFAULT_OUTPUT_TOKENS = 1024;

/** The limits of one key, as configured. */
export interface KeyLimits {
  id: string;
  name: string;
  rpm?: number | undefined;
  tpm?: number | undefined;
}

/** One limit of a key and the counter that all threads share for it. */
interface Limit extends Allowance {
  readonly counter: Counter;
}

interface Watched {
  readonly name: string;
  readonly requests: Limit | null;
  readonly tokens: Limit | null;
}

/** Tokens that are reserved until it is known how many were used. */
interface Held {
  tokens: Reservation | null;
}

/** Moves the shared counters of the limited keys. One a thread; the counters are the same in all of them. */
export class RateLimiter {
  readonly #watched: WatchedPrincipals<Watched>;
  /** What a request holds from `admit` to `correct`. */
  readonly #held: Slot<Held>;
  readonly #host: Pick<Host, 'clock' | 'counters' | 'slot'>;

  constructor(host: Pick<Host, 'clock' | 'counters' | 'slot'>, chain = false) {
    this.#host = host;
    this.#watched = new WatchedPrincipals(chain, (link) => {
      const limits = minuteLimits(link);
      if (limits.rpm === undefined && limits.tpm === undefined) return null;
      return this.#open({ id: link.id, name: link.name, ...limits });
    });
    this.#held = host.slot(() => ({ tokens: null }));
  }

  async watch(key: KeyLimits): Promise<void> {
    this.#watched.set(key.id, await this.#open(key));
  }

  async #open(key: KeyLimits): Promise<Watched> {
    const { counters } = this.#host;
    return {
      name: key.name,
      requests: await open('requests', key.rpm, `rpm:${key.id}`, counters),
      tokens: await open('tokens', key.tpm, `tpm:${key.id}`, counters),
    };
  }

  /** Takes one request, and the tokens it may need, from the key's minute; answers for the provider when it is used up. */
  admit(view: RequestView<DefaultNeeds>): Reply | undefined | Promise<Reply | undefined> {
    const key = view.principal === null ? null : this.#watched.of(view.principal);
    if (key === null) return undefined;
    if (key instanceof Promise) return key.then((one) => this.#take(view, one));
    return this.#take(view, key);
  }

  #take(view: RequestView<DefaultNeeds>, key: Watched): Reply | undefined {
    const { requests, tokens } = key;
    const ms = this.#msToReset((requests ?? tokens) as Limit);
    let request: Reservation | null = null;
    if (requests !== null) {
      request = requests.counter.reserve(1, requests.limit);
      if (request === null) return refuse(view, key, requests, ms);
    }
    if (tokens !== null) {
      // A request that could never fit is let through when its minute is still empty, rather than refused for ever.
      const taken = tokens.counter.reserve(Math.min(estimate(view), tokens.limit), tokens.limit);
      if (taken === null) {
        // A refused request does not count.
        request?.settle(0);
        return refuse(view, key, tokens, ms);
      }
      view.state(this.#held).tokens = taken;
      showLimit(view, tokens, tokens.limit - taken.total, ms);
    }
    if (requests !== null && request !== null) {
      showLimit(view, requests, requests.limit - request.total, ms);
    }
    return undefined;
  }

  /** Replaces the estimate by what was used, in the minute it was taken from. */
  correct(record: SettledRecord, view: BaseView): void {
    if (!this.#watched.mayHave(record.keyId)) return;
    const { tokens } = view.state(this.#held);
    const used = tokens === null ? null : usedTokens(record);
    if (used !== null) tokens?.settle(used);
  }

  /** All limits are of the same minute. */
  #msToReset({ counter }: Limit): number {
    return counter.resetsAt() - this.#host.clock.now();
  }
}

function refuse(view: RequestView<DefaultNeeds>, key: Watched, reached: Limit, ms: number): Reply {
  for (const limit of [key.requests, key.tokens]) {
    if (limit !== null) showLimit(view, limit, limit.limit - limit.counter.value(), ms);
  }
  return refusal(key.name, reached, Math.max(0, reached.limit - reached.counter.value()), ms);
}

async function open(
  what: Allowance['what'],
  limit: number | undefined,
  name: string,
  counters: Counters,
): Promise<Limit | null> {
  if (limit === undefined) return null;
  return { what, limit, text: String(limit), counter: await counters.open(name, { period: 'minute' }) };
}

/** A guess from above: four bytes of JSON a token, and all the output that was allowed. Counting tokens uses none. */
function estimate(view: RequestView<DefaultNeeds>): number {
  if (view.operation === 'count-tokens') return 0;
  const output = view.operation === 'chat' ? (view.maxOutputTokens() ?? DEFAULT_OUTPUT_TOKENS) : 0;
  return Math.ceil(view.body.length / 4) + output;
}

/** Null: nobody knows, and the estimate stays. */
function usedTokens(record: SettledRecord): number | null {
  // Answered by a cache or refused by a guard: no provider was asked.
  if (record.provider === '') return 0;
  if (record.usage !== null) return record.usage.inputTokens + record.usage.outputTokens;
  // Nothing was said of usage: a failed request used nothing we know of.
  return record.outcome === 'error' ? 0 : null;
}
