import type { BillCount } from './bill-count.js';
import type { ZoneStretch } from './time-zone.js';
import type { UsageColumns, ValueColumn } from './usage-block.js';
import type { UsageUnit } from './usage-blocks.js';
import { GROUP_COLUMNS } from './usage-columns.js';
import { COLUMN_OF } from './usage-filter.js';
import type { UsageMemory } from './usage-memory.js';
import type { SlotRange } from './usage-parts.js';
import { PairPlaces } from './usage-places.js';
import type { GroupDimension, TimeDimension, UsageFilter, UsageSums } from './usage-report.js';
import { SumLists } from './usage-sums.js';
import { QUARTERS_A_DAY } from './usage-totals.js';

export interface CountOptions {
  readonly range: SlotRange;
  /** The finest time that is told apart. */
  readonly time: TimeDimension | null;
  readonly zone: readonly ZoneStretch[];
  readonly names: readonly GroupDimension[];
  /** Of keys the ids. */
  readonly filter: UsageFilter;
  /** One of these dimensions must have one of its values; null: none must. */
  readonly within: UsageFilter | null;
  readonly memory: UsageMemory;
  /** Null: nothing is charged on. */
  readonly billing: BillCount | null;
}

/** Rows of other times and values, until they are told apart no more. */
const OUT = -1;
const TAGS = GROUP_COLUMNS.indexOf('tags');

/** Adds up the sums of units by any mix of time and values. */
export class UsageCount {
  private readonly folds: PairPlaces[];
  /** Tags are taken apart last. */
  private readonly order: readonly GroupDimension[];
  /** Of each of these, its place among the names asked for, and its column. */
  private readonly told: readonly number[];
  private readonly columns: readonly number[];
  private readonly sums = new SumLists();
  private readonly all = new SumLists();
  /** Of each row of the unit, its place so far. */
  private places = new Int32Array(0);
  /** With tags taken apart: the row of each place. */
  private rows: Int32Array | null = null;
  private count = 0;

  constructor(private readonly options: CountOptions) {
    const { names } = options;
    this.order = [...names.filter((name) => name !== 'tag'), ...names.filter((name) => name === 'tag')];
    this.told = this.order.map((name) => names.indexOf(name));
    this.columns = this.order.map(columnOf);
    this.folds = this.order.map(() => new PairPlaces());
  }

  add(unit: UsageUnit): void {
    const { columns } = unit;
    if (columns.rows > this.places.length) this.places = new Int32Array(columns.rows * 2);
    this.count = columns.rows;
    this.rows = null;
    this.placeTimes(unit);
    this.leaveOut(columns);
    if (this.options.within !== null) this.keepWithin(columns, this.options.within);
    const billed = this.options.billing?.count(unit) ?? null;
    if (this.options.names.includes('tag')) this.all.add(columns, billed, this.zeroed(), null, this.count);
    for (let i = 0; i < this.order.length; i++) {
      const column = columns.values[this.columns[i] as number] as ValueColumn;
      if (this.order[i] === 'tag') this.foldTags(column, i);
      else this.fold(column, i);
    }
    this.sums.add(columns, billed, this.places, this.rows, this.count);
  }

  /** Rows that were found. */
  get found(): number {
    return this.options.time === null && this.order.length === 0 ? 0 : this.sums.length;
  }

  has(row: number): boolean {
    return this.sums.has(row);
  }

  total(): UsageSums {
    const all = this.options.names.includes('tag') ? this.all : this.sums;
    return all.total().at(0, this.options.billing !== null);
  }

  /** The sums of these rows, one behind the other; see `UsageTable`. */
  sumsOf(rows: readonly number[]): Float64Array {
    return this.sums.pick(rows);
  }

  /** Negative when the first costs less than the second. */
  compareCosts(a: number, b: number): number {
    return this.sums.compareCosts(a, b);
  }

  costOf(row: number): bigint {
    return this.sums.costOf(row);
  }

  /** The bucket of a row: a month such as 202601, a day since 1970, or the quarter at which an hour begins; 0 without time. */
  bucketOf(row: number): number {
    let place = row;
    for (let i = this.order.length - 1; i >= 0; i--) place = (this.folds[i] as PairPlaces).leftOf(place);
    return this.buckets[place] ?? 0;
  }

  /** The values of a row, in the order of the names asked for. */
  valuesOf(row: number): string[] {
    const values: string[] = this.order.map(() => '');
    this.eachValue(row, (name, value) => {
      values[name] = this.textOf(name, value);
    });
    return values;
  }

  /** Tells the value of each name asked for as a number, which stands for the same text in all rows. */
  eachValue(row: number, tell: (name: number, value: number) => void): void {
    const { order, told, folds } = this;
    let place = row;
    for (let i = order.length - 1; i >= 0; i--) {
      const fold = folds[i] as PairPlaces;
      tell(told[i] as number, fold.rightOf(place));
      place = fold.leftOf(place);
    }
  }

  textOf(name: number, value: number): string {
    return this.options.memory.text(columnOf(this.options.names[name] as GroupDimension), value);
  }

  private readonly buckets: number[] = [];
  private readonly bucketPlaces = new Map<number, number>();

  private placeTimes({ start, slots, whole, columns }: UsageUnit): void {
    const { range } = this.options;
    const { places, count } = this;
    const ofSlots = new Int32Array(slots);
    for (let i = 0; i < slots; i++) {
      const slot = start + i;
      // Where only days are left, all of a day counts that any part of it is asked for.
      const inside = whole
        ? start + slots > range.from && start < range.to
        : slot >= range.from && slot < range.to;
      ofSlots[i] = inside ? this.bucketPlace(slot) : OUT;
    }
    if (columns.slots === null) places.fill(ofSlots[0] as number, 0, count);
    else for (let row = 0; row < count; row++) places[row] = ofSlots[columns.slots[row] as number] as number;
  }

  private bucketPlace(slot: number): number {
    const bucket = this.bucket(slot);
    let place = this.bucketPlaces.get(bucket);
    if (place === undefined) {
      place = this.buckets.push(bucket) - 1;
      this.bucketPlaces.set(bucket, place);
    }
    return place;
  }

  private bucket(slot: number): number {
    const { time, zone } = this.options;
    if (time === null) return 0;
    const local = slot + (zone.find(({ until }) => slot < until)?.offset ?? 0);
    if (time === 'hour') return slot - (((local % 4) + 4) % 4);
    const day = Math.floor(local / QUARTERS_A_DAY);
    return time === 'day' ? day : monthOf(day);
  }

  private leaveOut({ values }: UsageColumns): void {
    const { places, count } = this;
    for (const [name, wanted] of Object.entries(this.options.filter)) {
      const column = values[columnOf(name as GroupDimension)] as ValueColumn;
      const out = this.unwanted(name as GroupDimension, wanted, column);
      const { at } = column;
      if (at !== null) {
        for (let row = 0; row < count; row++) if (out[at[row] as number] === 1) places[row] = OUT;
      } else if (out[0] === 1) places.fill(OUT, 0, count);
    }
  }

  private keepWithin({ values }: UsageColumns, within: UsageFilter): void {
    const { places, count } = this;
    const kept = new Uint8Array(count);
    for (const [name, wanted] of Object.entries(within)) {
      const column = values[columnOf(name as GroupDimension)] as ValueColumn;
      const out = this.unwanted(name as GroupDimension, wanted, column);
      const { at } = column;
      for (let row = 0; row < count; row++)
        if (out[at === null ? 0 : (at[row] as number)] === 0) kept[row] = 1;
    }
    for (let row = 0; row < count; row++) if (kept[row] === 0) places[row] = OUT;
  }

  /** Of each value of a column, 1 when it is not asked for. */
  private unwanted(name: GroupDimension, wanted: readonly string[], column: ValueColumn): Uint8Array {
    const { memory } = this.options;
    if (name === 'tag')
      return Uint8Array.from(column.values, (value) =>
        tagsIn(value).some((tag) => wanted.includes(tag)) ? 0 : 1,
      );
    const kind = columnOf(name);
    const places = wanted.map((value) => memory.place(kind, value));
    const known = memory.placesOf(kind, column);
    const out = new Uint8Array(known.length);
    for (let i = 0; i < known.length; i++) out[i] = places.includes(known[i] as number) ? 0 : 1;
    return out;
  }

  private fold(column: ValueColumn, level: number): void {
    const { places, count } = this;
    const { at } = column;
    const fold = this.folds[level] as PairPlaces;
    const known = this.options.memory.placesOf(this.columns[level] as number, column);
    const only = known[0] as number;
    for (let row = 0; row < count; row++) {
      const place = places[row] as number;
      if (place !== OUT)
        places[row] = fold.place(place, at === null ? only : (known[at[row] as number] as number));
    }
  }

  /** A row counts under each of its tags, of those asked for where some are. */
  private foldTags({ values, at }: ValueColumn, level: number): void {
    const { memory } = this.options;
    const fold = this.folds[level] as PairPlaces;
    const wanted = this.options.filter.tag;
    const known = values.map((value) =>
      tagsIn(value)
        .filter((tag) => wanted === undefined || wanted.includes(tag))
        .map((tag) => memory.place(TAGS, tag)),
    );
    const most = known.reduce((max, tags) => Math.max(max, tags.length), 1);
    const rows = new Int32Array(this.count * most);
    const places = new Int32Array(this.count * most);
    let count = 0;
    for (let row = 0; row < this.count; row++) {
      const place = this.places[row] as number;
      if (place === OUT) continue;
      for (const tag of known[at === null ? 0 : (at[row] as number)] as number[]) {
        rows[count] = row;
        places[count++] = fold.place(place, tag);
      }
    }
    this.rows = rows;
    this.places = places;
    this.count = count;
  }

  private zeroed(): Int32Array {
    const { places, count } = this;
    const zeroed = new Int32Array(count);
    for (let row = 0; row < count; row++) zeroed[row] = places[row] === OUT ? OUT : 0;
    return zeroed;
  }
}

function columnOf(name: GroupDimension): number {
  return name === 'tag' ? TAGS : (GROUP_COLUMNS as readonly string[]).indexOf(COLUMN_OF[name]);
}

/** Those of a group; one of `''` when it has none. */
function tagsIn(text: string): string[] {
  return text === '[]' || text === '' ? [''] : (JSON.parse(text) as string[]);
}

function monthOf(day: number): number {
  const date = new Date(day * 86_400_000);
  return date.getUTCFullYear() * 100 + date.getUTCMonth() + 1;
}
