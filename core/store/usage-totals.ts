import { QUARTER_MS, type SettledRecord } from '@headgate/sdk';
import type { Column } from './column.js';
import type { RecordBatch } from './record-batch.js';
import { isUnpriced } from './unpriced.js';
import { GROUP_FIELDS, type GroupValues, groupId, storable, tagsText } from './usage-group.js';
import { wasRefused } from './was-refused.js';
import { wholeNano, wholeNumber } from './whole-number.js';

export const QUARTERS_A_DAY = 96;
export const DAY_MS = 86_400_000;

/** A sum here must stay where doubles are exact, whatever one more request may cost. */
const MOST_NANO = 2 ** 52;
/** Groups whose number is remembered; making it anew costs some microseconds. */
const MOST_KNOWN = 20_000;

/** Sums of the requests of one group in one stretch of time, in the order of `SUM_COLUMNS`. */
export class Totals {
  requests = 0;
  errors = 0;
  unpriced = 0;
  input = 0;
  output = 0;
  cacheRead = 0;
  cacheWrite = 0;
  reasoning = 0;
  /** Those that ended in an error before a provider was asked: see `wasRefused`. */
  refused = 0;
  private costNano = 0;
  private costBefore = 0n;

  constructor(
    /** Quarters of an hour, or days, since 1970. */
    readonly slot: number,
    readonly group: bigint,
  ) {}

  get cost(): bigint {
    return this.costBefore + BigInt(this.costNano);
  }

  /** As the tables have them. */
  get values(): (number | bigint)[] {
    const { requests, errors, unpriced, input, output, cacheRead, cacheWrite, reasoning } = this;
    return [requests, errors, unpriced, input, output, cacheRead, cacheWrite, reasoning, this.cost];
  }

  count(record: SettledRecord): void {
    this.requests++;
    if (record.outcome === 'error') this.errors++;
    if (wasRefused(record)) this.refused++;
    if (isUnpriced(record)) this.unpriced++;
    if (record.costNano !== null) this.addCost(wholeNano(record.costNano));
    const usage = record.usage;
    if (usage === null) return;
    this.input += wholeNumber(usage.inputTokens);
    this.output += wholeNumber(usage.outputTokens);
    this.cacheRead += wholeNumber(usage.cacheReadTokens);
    this.cacheWrite += wholeNumber(usage.cacheWriteTokens) + wholeNumber(usage.cacheWriteLongTokens);
    this.reasoning += wholeNumber(usage.reasoningTokens);
  }

  add(other: Totals): void {
    this.requests += other.requests;
    this.errors += other.errors;
    this.unpriced += other.unpriced;
    this.input += other.input;
    this.output += other.output;
    this.cacheRead += other.cacheRead;
    this.cacheWrite += other.cacheWrite;
    this.reasoning += other.reasoning;
    this.refused += other.refused;
    this.costBefore += other.cost;
  }

  private addCost(nano: number): void {
    this.costNano += nano;
    if (this.costNano < MOST_NANO) return;
    this.costBefore += BigInt(this.costNano);
    this.costNano = 0;
  }
}

/** What many records add to the sums of quarters and days. */
export interface UsageAdded {
  readonly groups: ReadonlyMap<bigint, GroupValues>;
  /** In order of slot and group: two nodes that add at once never wait for each other in a circle. */
  readonly quarters: readonly Totals[];
  readonly days: readonly Totals[];
  /** Id of each key → its name now. */
  readonly keyNames: ReadonlyMap<string, string>;
}

const known = new Map<string, bigint>();

/** Adds up batches of records. */
export class UsageAdder {
  private readonly groups = new Map<bigint, GroupValues>();
  private readonly quarters = new Map<string, Totals>();
  private readonly keyNames = new Map<string, string>();

  /** @param counts which records are counted; left out, all are */
  add(batch: RecordBatch, counts: (time: number) => boolean = () => true): void {
    for (const { first, totals } of sumsOf(batch, counts)) {
      const values = valuesOf(first);
      const id = idOf(values);
      this.groups.set(id, values);
      const slot = Math.floor(first.time / QUARTER_MS);
      const name = `${slot} ${id}`;
      const sum = this.quarters.get(name);
      if (sum === undefined) this.quarters.set(name, withPlace(totals, slot, id));
      else sum.add(totals);
      if (first.keyId !== '') this.keyNames.set(storable(first.keyId), storable(first.keyName));
    }
  }

  take(): UsageAdded {
    const quarters = inOrder(this.quarters.values());
    return { groups: this.groups, quarters, days: daysOf(quarters), keyNames: this.keyNames };
  }
}

/** The sums of days that these sums of quarters make. */
export function daysOf(quarters: Iterable<Totals>): Totals[] {
  const days = new Map<string, Totals>();
  for (const one of quarters) {
    const day = Math.floor(one.slot / QUARTERS_A_DAY);
    const name = `${day} ${one.group}`;
    let sum = days.get(name);
    if (sum === undefined) days.set(name, (sum = new Totals(day, one.group)));
    sum.add(one);
  }
  return inOrder(days.values());
}

function inOrder(sums: Iterable<Totals>): Totals[] {
  return [...sums].sort((a, b) => a.slot - b.slot || (a.group < b.group ? -1 : 1));
}

function withPlace(from: Totals, slot: number, group: bigint): Totals {
  const totals = new Totals(slot, group);
  totals.add(from);
  return totals;
}

interface BatchSum {
  /** One of its records. */
  readonly first: SettledRecord;
  readonly totals: Totals;
}

/** The sums within one batch. Only what differs between its records is looked at to tell them apart. */
function* sumsOf(batch: RecordBatch, counts: (time: number) => boolean): Generator<BatchSum> {
  const { columns, count } = batch;
  const different = GROUP_FIELDS.map((field): Column => columns[field]).filter((column) => !column.same);
  const tagsDiffer = !columns.tags.same;
  const found = new Map<string | number, { row: number; totals: Totals }>();
  const cursor = batch.cursor();
  for (let row = 0; row < count; row++) {
    cursor.row = row;
    const time = cursor.time;
    if (!counts(time)) continue;
    const slot = Math.floor(time / QUARTER_MS);
    let name: string | number = slot;
    for (const column of different) name = `${name}\0${String(column.at(row))}`;
    if (tagsDiffer) name = `${name}\0${tagsText(cursor.tags)}`;
    let sum = found.get(name);
    if (sum === undefined) found.set(name, (sum = { row, totals: new Totals(slot, 0n) }));
    sum.totals.count(cursor);
  }
  for (const { row, totals } of found.values()) {
    cursor.row = row;
    yield { first: cursor, totals };
  }
}

function valuesOf(record: SettledRecord): GroupValues {
  return [...GROUP_FIELDS.map((field) => storable(record[field])), tagsText(record.tags)];
}

function idOf(values: GroupValues): bigint {
  const name = values.join('\0');
  let id = known.get(name);
  if (id === undefined) {
    id = groupId(values);
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(name, id);
  }
  return id;
}
