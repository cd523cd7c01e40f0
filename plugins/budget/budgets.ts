import type {
  BaseView,
  DefaultNeeds,
  Host,
  Reply,
  RequestView,
  Reservation,
  RouteView,
  SettledRecord,
  Slot,
  Target,
} from '@headgate/sdk';
import { WatchedChain } from '../watched-chain.js';
import { charge } from './charge.js';
import { ExpectedCost } from './expected-cost.js';
import { type Allowance, openBudgets } from './open-budgets.js';
import { refusal } from './refusal.js';

/** What a request holds of one budget. */
interface Taken {
  readonly allowance: Allowance;
  readonly amount: number;
  readonly reservation: Reservation;
}

/** A request that runs on reserved money. */
interface Held {
  taken: Taken[];
  /** The most it can cost. */
  most: number;
  view: RequestView<DefaultNeeds> | null;
}

/** Most models that the log has been told of as having no price or no usage, and most soft budgets as passed. */
const MOST_NOTED = 1000;

/** Says which soft budget is passed. */
const PASSED_HEADER = 'x-headgate-budget-passed';

/** Moves the shared counters of all that have budgets. One a thread; the counters are the same in all of them. */
export class Budgets {
  readonly #watched: WatchedChain<Allowance>;
  /** What a request holds from `admit` to `settle`. */
  readonly #held: Slot<Held>;
  readonly #expected = new ExpectedCost();
  readonly #noted = new Set<string>();

  constructor(private readonly host: Pick<Host, 'counters' | 'used' | 'log' | 'clock' | 'slot'>) {
    this.#watched = new WatchedChain((link) => openBudgets(link, host));
    this.#held = host.slot(() => ({ taken: [], most: 0, view: null }));
  }

  /** Reserves what the request can cost on every budget; answers for the provider when one does not hold that. */
  admit(view: RequestView<DefaultNeeds>): Reply | undefined | Promise<Reply | undefined> {
    const chain = view.principal?.chain;
    if (chain === undefined) return undefined;
    const watched = this.#watched.of(chain);
    if (watched instanceof Promise) return watched.then((all) => this.#reserveAll(view, all));
    return this.#reserveAll(view, watched);
  }

  #reserveAll(view: RequestView<DefaultNeeds>, watched: readonly Allowance[]): Reply | undefined {
    if (watched.length === 0) return undefined;
    const most = view.maxCostNano() ?? 0;
    const now = this.host.clock.now();
    const taken: Taken[] = [];
    for (const allowance of watched) {
      const amount = allowance.reserve === 'expected' ? this.#expectedOf(view, most) : most;
      // What costs nothing, or nothing that anybody knows, passes even when everything is spent.
      const bound = allowance.hard && most > 0;
      const cap = bound ? allowance.cap(now) : Number.POSITIVE_INFINITY;
      const reservation = allowance.spent.reserve(amount, cap);
      if (reservation === null) {
        for (const one of taken) one.reservation.settle(0);
        return refusal(allowance, amount, now);
      }
      taken.push({ allowance, amount, reservation });
      if (!allowance.hard && reservation.total - amount >= allowance.cap(now)) this.#passed(view, allowance);
    }
    const held = view.state(this.#held);
    held.taken = taken;
    held.most = most;
    held.view = view;
    return undefined;
  }

  /** The target that a budget wants from a share of it on, in the place of the others. */
  route(targets: readonly Target[], view: RouteView<DefaultNeeds>): readonly Target[] {
    const now = this.host.clock.now();
    for (const { allowance, amount } of view.state(this.#held).taken) {
      const { downgrade, spent } = allowance;
      // What this request may need is no reason to send it elsewhere.
      if (downgrade === null || spent.value() - amount < downgrade.share * allowance.cap(now)) continue;
      const { provider, model } = downgrade;
      return [{ provider, model }];
    }
    return targets;
  }

  /** Replaces the reservations by what the request cost, in the windows they were taken from. */
  settle(record: SettledRecord, told: BaseView): void {
    if (told.principal?.chain === undefined) return;
    const { taken, most, view } = told.state(this.#held);
    if (view === null) return;
    const { nanos, because } = charge(record, most, view);
    for (const { reservation } of taken) reservation.settle(nanos);
    if (record.outcome === 'ok' && record.costNano !== null) this.#expected.note(record.model, nanos);
    if (because !== null) this.#note(`${record.provider}/${record.targetModel}`, because);
  }

  #expectedOf({ model }: RequestView<DefaultNeeds>, most: number): number {
    return Math.min(most, this.#expected.percentile(model) ?? most);
  }

  #passed(view: RequestView<DefaultNeeds>, { who, per, spent }: Allowance): void {
    view.answerHeader(PASSED_HEADER, `${who.replace(/[^\x20-\x7e]/g, '?')}, ${per}`);
    this.#warn(`${who} ${per} ${spent.resetsAt()}`, 'a soft budget is passed', { of: who, window: per });
  }

  /** A warning about a model, once. */
  #note(model: string, because: string): void {
    this.#warn(model, because, { model });
  }

  #warn(name: string, message: string, fields: Record<string, string>): void {
    if (this.#noted.has(name) || this.#noted.size >= MOST_NOTED) return;
    this.#noted.add(name);
    this.host.log.warn(message, fields);
  }
}
