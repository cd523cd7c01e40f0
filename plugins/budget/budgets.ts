import {
  type BaseView,
  type Counter,
  calendarBudget,
  type DefaultNeeds,
  type Host,
  type Period,
  type Reply,
  type RequestView,
  type Reservation,
  type SettledRecord,
  type Slot,
} from '@headgate/sdk';
import { WatchedPrincipals } from '../watched-principals.js';
import { charge } from './charge.js';
import { refusal } from './refusal.js';

/** The budget of one key, as configured. */
export interface KeyBudget {
  id: string;
  name: string;
  /** Nano-dollars. */
  capNanos: number;
  per: Period;
}

interface Watched {
  readonly budget: KeyBudget;
  readonly spent: Counter;
}

/** A request that runs on reserved money. */
interface Held {
  reservation: Reservation | null;
  reserved: number;
  view: RequestView<DefaultNeeds> | null;
}

/** Most models that the log has been told of as having no price or no usage. */
const MOST_NOTED = 1000;

/** Moves the shared counters of the keys with a budget. One a thread; the counters are the same in all of them. */
export class Budgets {
  readonly #watched: WatchedPrincipals<Watched>;
  /** What a request holds from `admit` to `settle`. */
  readonly #held: Slot<Held>;
  readonly #noted = new Set<string>();

  constructor(
    private readonly host: Pick<Host, 'counters' | 'spent' | 'log' | 'clock' | 'slot'>,
    chain = false,
  ) {
    this.#watched = new WatchedPrincipals(chain, (link) => {
      const budget = calendarBudget(link);
      return budget === null ? null : this.#open({ id: link.id, name: link.name, ...budget });
    });
    this.#held = host.slot(() => ({ reservation: null, reserved: 0, view: null }));
  }

  async watch(budget: KeyBudget): Promise<void> {
    this.#watched.set(budget.id, await this.#open(budget));
  }

  async #open(budget: KeyBudget): Promise<Watched> {
    const spent = await this.host.counters.open(`spent:${budget.per}:${budget.id}`, {
      period: budget.per,
      restore: (since) => this.host.spent(budget.id, since),
    });
    return { budget, spent };
  }

  /** Reserves the most that the request can cost; answers for the provider when the budget does not hold that. */
  admit(view: RequestView<DefaultNeeds>): Reply | undefined | Promise<Reply | undefined> {
    const key = view.principal === null ? null : this.#watched.of(view.principal);
    if (key === null) return undefined;
    if (key instanceof Promise) return key.then((one) => this.#reserve(view, one));
    return this.#reserve(view, key);
  }

  #reserve(view: RequestView<DefaultNeeds>, { spent, budget }: Watched): Reply | undefined {
    const reserved = view.maxCostNano() ?? 0;
    // What costs nothing, or nothing that anybody knows, passes even when everything is spent.
    const cap = reserved === 0 ? Number.POSITIVE_INFINITY : budget.capNanos;
    const reservation = spent.reserve(reserved, cap);
    if (reservation === null) return refusal(budget, reserved, spent, this.host.clock.now());
    const held = view.state(this.#held);
    held.reservation = reservation;
    held.reserved = reserved;
    held.view = view;
    return undefined;
  }

  /** Replaces the reservation by what the request cost, in the period it was taken from. */
  settle(record: SettledRecord, told: BaseView): void {
    if (!this.#watched.mayHave(record.keyId)) return;
    const { reservation, reserved, view } = told.state(this.#held);
    if (reservation === null || view === null) return;
    const { nanos, because } = charge(record, reserved, view);
    reservation.settle(nanos);
    if (because !== null) this.#note(`${record.provider}/${record.targetModel}`, because);
  }

  /** A warning about a model, once. */
  #note(model: string, because: string): void {
    if (this.#noted.has(model) || this.#noted.size >= MOST_NOTED) return;
    this.#noted.add(model);
    this.host.log.warn(because, { model });
  }
}
