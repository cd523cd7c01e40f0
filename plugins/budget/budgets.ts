import type {
  BaseView,
  DefaultNeeds,
  GroupRefusal,
  GroupReservation,
  Host,
  Reply,
  RequestView,
  RouteView,
  SettledRecord,
  Slot,
  Target,
} from '@headgate/sdk';
import { uncounted } from '../uncounted.js';
import { WatchedChain } from '../watched-chain.js';
import { type AllowanceSet, allowanceSet } from './allowance-set.js';
import { charge } from './charge.js';
import { ExpectedCost } from './expected-cost.js';
import { type Allowance, openBudgets } from './open-budgets.js';
import { refusal } from './refusal.js';

/** A request that runs on reserved money. */
interface Held {
  set: AllowanceSet | null;
  taken: GroupReservation | null;
  /** What was taken of each. */
  amounts: readonly number[];
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
  readonly #watched: WatchedChain<Allowance, AllowanceSet>;
  /** What a request holds from `admit` to `settle`. */
  readonly #held: Slot<Held>;
  readonly #noted = new Set<string>();
  /** Null until somebody's budget wants it. */
  #expected: ExpectedCost | null = null;

  constructor(private readonly host: Pick<Host, 'counters' | 'log' | 'clock' | 'slot'>) {
    this.#watched = new WatchedChain(
      (link) => openBudgets(link, host),
      (all) => this.#fold(all),
    );
    this.#held = host.slot(() => ({ set: null, taken: null, amounts: [], most: 0, view: null }));
  }

  /** Reserves what the request can cost on every budget; answers for the provider when one does not hold that. */
  admit(view: RequestView<DefaultNeeds>): Reply | undefined | Promise<Reply | undefined> {
    return this.#watched.with(view, (set) => this.#reserve(view, set));
  }

  #fold(all: readonly Allowance[]): AllowanceSet {
    const set = allowanceSet(all, this.host);
    if (set.expects) this.#expected ??= new ExpectedCost();
    return set;
  }

  #reserve(
    view: RequestView<DefaultNeeds>,
    set: AllowanceSet,
  ): Reply | undefined | Promise<Reply | undefined> {
    const { all } = set;
    const most = view.maxCostNano() ?? 0;
    const now = this.host.clock.now();
    const amounts: number[] = [];
    const caps: number[] = [];
    for (let i = 0; i < all.length; i++) {
      const allowance = all[i] as Allowance;
      amounts.push(allowance.reserve === 'expected' ? this.#expectedOf(view, most) : most);
      // What costs nothing, or nothing that anybody knows, passes even when everything is spent.
      caps.push(allowance.hard && most > 0 ? allowance.cap(now) : Number.POSITIVE_INFINITY);
    }
    const taken = set.group.reserve(amounts, caps);
    const asked = { amounts, most, now };
    if (taken instanceof Promise) return taken.then((later) => this.#begin(view, set, later, asked));
    return this.#begin(view, set, taken, asked);
  }

  #begin(
    view: RequestView<DefaultNeeds>,
    set: AllowanceSet,
    taken: GroupReservation | GroupRefusal,
    { amounts, most, now }: { amounts: readonly number[]; most: number; now: number },
  ): Reply | undefined {
    if (taken.refused !== null) {
      const allowance = set.all[taken.refused] as Allowance;
      if (taken.unavailable) return uncounted(allowance.who);
      const advice = view.operation === 'tool' ? '' : ' A lower cap on output tokens makes that less.';
      return refusal(allowance, amounts[taken.refused] as number, now, advice);
    }
    if (view.ended) {
      taken.settle(set.all.map(() => 0));
      return undefined;
    }
    if (set.soft) this.#tellPassed(view, set, taken.totals, amounts, now);
    const held = view.state(this.#held);
    held.set = set;
    held.taken = taken;
    held.amounts = amounts;
    held.most = most;
    held.view = view;
    return undefined;
  }

  /** The target that a budget wants from a share of it on, in the place of the others. */
  route(targets: readonly Target[], view: RouteView<DefaultNeeds>): readonly Target[] {
    const { set, amounts } = view.state(this.#held);
    if (set === null || set.downgrades.length === 0) return targets;
    const now = this.host.clock.now();
    for (const place of set.downgrades) {
      const { downgrade, spent, cap } = set.all[place] as Allowance;
      // What this request may need is no reason to send it elsewhere.
      const before = spent.value() - (amounts[place] as number);
      if (downgrade === null || before < downgrade.share * cap(now)) continue;
      const { provider, model } = downgrade;
      return [{ provider, model }];
    }
    return targets;
  }

  /** Replaces the reservations by what the request cost, in the windows they were taken from. */
  settle(record: SettledRecord, told: BaseView): void {
    if (told.principal?.chain === undefined) return;
    const { set, taken, most, view } = told.state(this.#held);
    if (set === null || taken === null || view === null) return;
    const { nanos, because } = charge(record, most, view);
    const used: number[] = [];
    for (let i = 0; i < set.all.length; i++) used.push(nanos);
    taken.settle(used);
    if (this.#expected !== null && record.outcome === 'ok' && record.costNano !== null)
      this.#expected.note(record.model, nanos);
    if (because !== null) this.#note(`${record.provider}/${record.targetModel}`, because);
  }

  #expectedOf({ model }: RequestView<DefaultNeeds>, most: number): number {
    return Math.min(most, this.#expected?.percentile(model) ?? most);
  }

  #tellPassed(
    view: RequestView<DefaultNeeds>,
    { all }: AllowanceSet,
    totals: readonly number[],
    amounts: readonly number[],
    now: number,
  ): void {
    for (let i = 0; i < all.length; i++) {
      const allowance = all[i] as Allowance;
      const before = (totals[i] as number) - (amounts[i] as number);
      if (!allowance.hard && before >= allowance.cap(now)) this.#passed(view, allowance);
    }
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
