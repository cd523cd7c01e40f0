import type { Column } from './column.js';

/** Rows that a record may have several of, such as its attempts, which lie one record after the other in columns of their own. */
export class RowsOfRecord<T extends { row: number }> {
  private readonly shown: T[] = [];
  private readonly spare: T[] = [];
  /** The record whose rows are shown. */
  private of = -1;
  /** Where the rows of each record begin; null while all have as many. */
  private readonly starts: Uint32Array | null;
  private readonly each: number;

  /** @param counts rows of each record @param count records */
  constructor(
    private readonly counts: Column<number>,
    count: number,
    private readonly make: () => T,
  ) {
    this.each = count === 0 ? 0 : counts.at(0);
    this.starts = startsOf(counts, count);
  }

  /** Valid until the next call. */
  at(record: number): T[] {
    if (this.of === record) return this.shown;
    const { shown, spare, starts } = this;
    const count = this.counts.at(record);
    while (shown.length > count) spare.push(shown.pop()!);
    while (shown.length < count) shown.push(spare.pop() ?? this.make());
    const first = starts === null ? record * this.each : starts[record]!;
    for (let i = 0; i < count; i++) shown[i]!.row = first + i;
    this.of = record;
    return shown;
  }
}

function startsOf(counts: Column<number>, count: number): Uint32Array | null {
  if (counts.same) return null;
  const starts = new Uint32Array(count);
  for (let i = 1; i < count; i++) starts[i] = starts[i - 1]! + counts.at(i - 1);
  return starts;
}
