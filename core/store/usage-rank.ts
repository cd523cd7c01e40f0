import type { UsageCount } from './usage-count.js';

/** What the place of a row among the others is told by. */
export interface Place {
  readonly bucket: number;
  readonly cost: bigint;
  readonly values: readonly string[];
}

/** The first rows after that place, at most so many: in order of time, then dearest first, then in order of their values. */
export function ranked(count: UsageCount, after: Place | null, most: number): number[] {
  const buckets = new Map<number, number[]>();
  for (let row = 0; row < count.found; row++) {
    // A time in which there was nothing.
    if (!count.has(row)) continue;
    const bucket = count.bucketOf(row);
    const rows = buckets.get(bucket);
    if (rows === undefined) buckets.set(bucket, [row]);
    else rows.push(row);
  }
  const found: number[] = [];
  for (const bucket of [...buckets.keys()].sort((a, b) => a - b)) {
    if (found.length >= most) break;
    if (after !== null && bucket < after.bucket) continue;
    const rows = (buckets.get(bucket) as number[]).sort(
      (a, b) => count.compareCosts(b, a) || compareValues(count.valuesOf(a), count.valuesOf(b)),
    );
    const first = after === null || bucket > after.bucket ? 0 : firstAfter(count, rows, after);
    const end = Math.min(rows.length, first + most - found.length);
    for (let i = first; i < end; i++) found.push(rows[i] as number);
  }
  return found;
}

export function placeOf(count: UsageCount, row: number): Place {
  return { bucket: count.bucketOf(row), cost: count.costOf(row), values: count.valuesOf(row) };
}

function firstAfter(count: UsageCount, rows: readonly number[], after: Place): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const row = rows[middle] as number;
    const cost = count.costOf(row);
    const isAfter =
      cost < after.cost || (cost === after.cost && compareValues(count.valuesOf(row), after.values) > 0);
    if (isAfter) high = middle;
    else low = middle + 1;
  }
  return low;
}

function compareValues(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < a.length; i++) {
    const [one = '', other = ''] = [a[i], b[i]];
    if (one !== other) return one < other ? -1 : 1;
  }
  return 0;
}
