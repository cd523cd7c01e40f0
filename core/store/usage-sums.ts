import type { BilledColumn } from './bill-count.js';
import { COST_UNIT, type Numbers, type UsageColumns } from './usage-block.js';
import { SUM_COLUMNS } from './usage-columns.js';
import type { UsageSums } from './usage-report.js';

const COST = SUM_COLUMNS.indexOf('cost_nano');
const NO_ROWS = new Float64Array(0);

/** Sums of many groups, by column: adding a million takes a few milliseconds a column. */
export class SumLists {
  length = 0;
  private room = 64;
  private lists = SUM_COLUMNS.map(() => new Float64Array(64));
  /** Of the costs, whole `COST_UNIT`s. */
  private high = new Float64Array(64);
  /** Of what is charged on, the same two parts. */
  private billed = new Float64Array(64);
  private billedHigh = new Float64Array(64);
  /** A column as the numbers that all loops are made for. */
  private wide = NO_ROWS;

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
    for (let i = 0; i < count; i++)
      if ((places[i] as number) >= this.length) this.length = (places[i] as number) + 1;
    this.grow();
    if (columns.rows > this.wide.length) this.wide = new Float64Array(columns.rows * 2);
    for (let i = 0; i < SUM_COLUMNS.length; i++) {
      const column = columns.sums[i] ?? null;
      if (column === null) continue;
      if (i === COST) this.amounts(column, this.lists[COST] as Float64Array, this.high, places, rows, count);
      else this.column(column, this.lists[i] as Float64Array, places, rows, count);
    }
    if (columns.costHigh !== null) this.column(columns.costHigh, this.high, places, rows, count);
    if (billed === null) return;
    this.amounts(billed.low, this.billed, this.billedHigh, places, rows, count);
    this.column(billed.high, this.billedHigh, places, rows, count);
  }

  has(place: number): boolean {
    return this.lists[0]?.[place] !== 0;
  }

  at(place: number): UsageSums {
    const value = (i: number): number => this.lists[i]?.[place] ?? 0;
    return {
      requests: value(0),
      errors: value(1),
      unpricedRequests: value(2),
      inputTokens: value(3),
      outputTokens: value(4),
      cacheReadTokens: value(5),
      cacheWriteTokens: value(6),
      reasoningTokens: value(7),
      costNano: this.costOf(place),
    };
  }

  costOf(place: number): bigint {
    return amount(this.lists[COST]?.[place] ?? 0, this.high[place] ?? 0);
  }

  billedOf(place: number): bigint {
    return amount(this.billed[place] ?? 0, this.billedHigh[place] ?? 0);
  }

  compareCosts(a: number, b: number): number {
    const list = this.lists[COST] as Float64Array;
    return (this.high[a] as number) - (this.high[b] as number) || (list[a] as number) - (list[b] as number);
  }

  /** Of all groups together. */
  total(): SumLists {
    const all = new SumLists();
    all.length = 1;
    for (let i = 0; i < SUM_COLUMNS.length; i++) {
      const [from, to] = [this.lists[i] as Float64Array, all.lists[i] as Float64Array];
      for (let place = 0; place < this.length; place++)
        if (i === COST) addAmount(to, all.high, 0, from[place] as number);
        else to[0] = (to[0] as number) + (from[place] as number);
    }
    for (let place = 0; place < this.length; place++) {
      all.high[0] = (all.high[0] as number) + (this.high[place] as number);
      addAmount(all.billed, all.billedHigh, 0, this.billed[place] as number);
      all.billedHigh[0] = (all.billedHigh[0] as number) + (this.billedHigh[place] as number);
    }
    return all;
  }

  private column(
    column: Numbers,
    list: Float64Array,
    places: Int32Array,
    rows: Int32Array | null,
    count: number,
  ): void {
    const { wide } = this;
    wide.set(column);
    for (let i = 0; i < count; i++) {
      const place = places[i] as number;
      if (place >= 0)
        list[place] = (list[place] as number) + (wide[rows === null ? i : (rows[i] as number)] as number);
    }
  }

  private amounts(
    column: Numbers,
    list: Float64Array,
    high: Float64Array,
    places: Int32Array,
    rows: Int32Array | null,
    count: number,
  ): void {
    const { wide } = this;
    wide.set(column);
    for (let i = 0; i < count; i++) {
      const place = places[i] as number;
      if (place >= 0) addAmount(list, high, place, wide[rows === null ? i : (rows[i] as number)] as number);
    }
  }

  private grow(): void {
    if (this.length <= this.room) return;
    while (this.room < this.length) this.room *= 2;
    this.lists = this.lists.map((list) => larger(list, this.room));
    this.high = larger(this.high, this.room);
    this.billed = larger(this.billed, this.room);
    this.billedHigh = larger(this.billedHigh, this.room);
  }
}

/** Both parts are below a unit, and their sum is exact. */
function addAmount(list: Float64Array, high: Float64Array, place: number, low: number): void {
  const sum = (list[place] as number) + low;
  if (sum < COST_UNIT) list[place] = sum;
  else {
    list[place] = sum - COST_UNIT;
    high[place] = (high[place] as number) + 1;
  }
}

function amount(low: number, high: number): bigint {
  return high === 0 ? BigInt(low) : BigInt(low) + BigInt(high) * BigInt(COST_UNIT);
}

function larger(list: Float64Array, room: number): Float64Array<ArrayBuffer> {
  const more = new Float64Array(room);
  more.set(list);
  return more;
}
