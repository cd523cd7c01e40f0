import type { BilledColumn } from './bill-count.js';
import { COST_UNIT, type Numbers, type UsageColumns } from './usage-block.js';
import { SUM_COLUMNS } from './usage-columns.js';
import type { UsageSums } from './usage-report.js';

/** Sums that are plain numbers come first, then two parts of each amount: what is below `COST_UNIT`, and whole ones. */
export const COST = SUM_COLUMNS.indexOf('cost_nano');
const HIGH = COST + 1;
export const BILLED = COST + 2;
const BILLED_HIGH = COST + 3;
/** Numbers of one group. */
export const SUM_WIDTH = COST + 4;
const WIDTH = SUM_WIDTH;
const PLAIN = COST;

/** Sums of many groups. Those of one group lie side by side, so that adding a row touches two places of memory and not a dozen. */
export class SumLists {
  length = 0;
  private room = 64;
  private list = new Float64Array(64 * WIDTH);
  /** What is added now, in the same order. */
  private rows = new Float64Array(0);
  /** A column as the numbers that all loops are made for. */
  private wide = new Float64Array(0);

  /**
   * @param places of each entry, the group that it counts for; negative: none
   * @param rows of each entry, its row; null: they are the rows
   */
  add(
    columns: UsageColumns,
    billed: BilledColumn | null,
    places: Int32Array,
    rows: Int32Array | null,
    count: number,
  ): void {
    let { length } = this;
    for (let i = 0; i < count; i++) if ((places[i] as number) >= length) length = (places[i] as number) + 1;
    this.length = length;
    this.grow();
    this.lay(columns, billed);
    const [list, given] = [this.list, this.rows];
    for (let i = 0; i < count; i++) {
      const place = places[i] as number;
      if (place < 0) continue;
      const from = (rows === null ? i : (rows[i] as number)) * WIDTH;
      const to = place * WIDTH;
      for (let at = 0; at < PLAIN; at++)
        list[to + at] = (list[to + at] as number) + (given[from + at] as number);
      addAmount(list, to + COST, given[from + COST] as number, given[from + HIGH] as number);
      if (billed !== null)
        addAmount(list, to + BILLED, given[from + BILLED] as number, given[from + BILLED_HIGH] as number);
    }
  }

  has(place: number): boolean {
    return this.list[place * WIDTH] !== 0;
  }

  /** @param billed with what is charged on */
  at(place: number, billed: boolean): UsageSums {
    return sumsAt(this.list, place * WIDTH, billed);
  }

  /** Those of these groups, one behind the other. */
  pick(places: readonly number[]): Float64Array {
    const { list } = this;
    const picked = new Float64Array(places.length * WIDTH);
    let to = 0;
    for (const place of places) {
      const from = place * WIDTH;
      for (let at = 0; at < WIDTH; at++) picked[to++] = list[from + at] as number;
    }
    return picked;
  }

  costOf(place: number): bigint {
    return amountAt(this.list, place * WIDTH + COST);
  }

  compareCosts(a: number, b: number): number {
    const { list } = this;
    const [one, other] = [a * WIDTH, b * WIDTH];
    return (
      (list[one + HIGH] as number) - (list[other + HIGH] as number) ||
      (list[one + COST] as number) - (list[other + COST] as number)
    );
  }

  /** Of all groups together. */
  total(): SumLists {
    const all = new SumLists();
    all.length = 1;
    const [from, to] = [this.list, all.list];
    for (let place = 0; place < this.length; place++) {
      const base = place * WIDTH;
      for (let at = 0; at < PLAIN; at++) to[at] = (to[at] as number) + (from[base + at] as number);
      addAmount(to, COST, from[base + COST] as number, from[base + HIGH] as number);
      addAmount(to, BILLED, from[base + BILLED] as number, from[base + BILLED_HIGH] as number);
    }
    return all;
  }

  /** Columns become rows. */
  private lay(columns: UsageColumns, billed: BilledColumn | null): void {
    const { rows: count, sums, costHigh } = columns;
    if (count > this.wide.length) {
      this.wide = new Float64Array(count * 2);
      this.rows = new Float64Array(count * 2 * WIDTH);
    }
    for (let at = 0; at <= COST; at++) this.put(sums[at] ?? null, at, count);
    this.put(costHigh, HIGH, count);
    if (billed === null) return;
    this.put(billed.low, BILLED, count);
    this.put(billed.high, BILLED_HIGH, count);
  }

  private put(column: Numbers | null, at: number, count: number): void {
    const { rows, wide } = this;
    if (column === null) {
      for (let row = 0, to = at; row < count; row++, to += WIDTH) rows[to] = 0;
      return;
    }
    // A loop over numbers of several kinds would be several times slower.
    wide.set(column);
    for (let row = 0, to = at; row < count; row++, to += WIDTH) rows[to] = wide[row] as number;
  }

  private grow(): void {
    if (this.length <= this.room) return;
    while (this.room < this.length) this.room *= 2;
    const more = new Float64Array(this.room * WIDTH);
    more.set(this.list);
    this.list = more;
  }
}

/** The sums that begin at that place of a list. */
export function sumsAt(list: Float64Array, from: number, billed: boolean): UsageSums {
  const value = (i: number): number => list[from + i] ?? 0;
  const sums: UsageSums = {
    requests: value(0),
    errors: value(1),
    unpricedRequests: value(2),
    inputTokens: value(3),
    outputTokens: value(4),
    cacheReadTokens: value(5),
    cacheWriteTokens: value(6),
    reasoningTokens: value(7),
    costNano: amountAt(list, from + COST),
  };
  if (billed) sums.billedNano = amountAt(list, from + BILLED);
  return sums;
}

/** An amount, whose two parts begin there. */
export function amountAt(list: Float64Array, at: number): bigint {
  const [low, high] = [list[at] ?? 0, list[at + 1] ?? 0];
  return high === 0 ? BigInt(low) : BigInt(low) + BigInt(high) * BigInt(COST_UNIT);
}

/** Both low parts are below a unit, and their sum is exact. The high one stands behind it. */
function addAmount(list: Float64Array, at: number, low: number, high: number): void {
  const sum = (list[at] as number) + low;
  const carries = sum >= COST_UNIT;
  list[at] = carries ? sum - COST_UNIT : sum;
  if (carries || high !== 0) list[at + 1] = (list[at + 1] as number) + high + (carries ? 1 : 0);
}
