import { exactUsd } from '../money.js';
import { LineBuffer } from '../observe/line-buffer.js';
import { SUM_COLUMNS } from '../store/usage-columns.js';
import { amountAt, BILLED, COST, SUM_WIDTH } from '../store/usage-sums.js';
import type { UsageTable } from '../store/usage-table.js';

/** How rows are written. */
export interface RowShape {
  readonly begin: string;
  readonly end: string;
  /** The value of a dimension; of keys with their name, else null. Asked for once for each value. */
  group(dimension: string, text: string, keyName: string | null): string;
  /** What stands before a sum. */
  before(field: string): string;
  /** What amounts of dollars stand in. */
  readonly quote: string;
}

type Column = (typeof SUM_COLUMNS)[number];
const at = (name: Column): number => SUM_COLUMNS.indexOf(name);
const PLAIN: readonly Column[] = [
  'requests',
  'errors',
  'input_tokens',
  'output_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'reasoning_tokens',
];
const PLACES = PLAIN.map(at);
const UNPRICED = at('unpriced_requests');
/** More than the sums of a row and what stands before them. */
const SUMS_BYTES = 1024;

/**
 * All rows of a report, the fields in the order of `sumFields`. Written as bytes, and no object is made of a row: of 50,000 rows
 * objects and pieces of text cost several times as much as the counting.
 */
export function usageRows(groupBy: readonly string[], table: UsageTable, shape: RowShape): string {
  const { length, groups, sums, billed } = table;
  const to = new LineBuffer();
  const values = groups.map(({ texts, names, at }, i) => ({
    pieces: texts.map((text, place) =>
      Buffer.from((i > 0 ? ',' : '') + shape.group(groupBy[i] ?? '', text, names?.[place] ?? null)),
    ),
    at,
  }));
  const before = PLAIN.map((name) => Buffer.from(`,${shape.before(name)}`));
  const [begin, end] = [Buffer.from(shape.begin), Buffer.from(shape.end)];
  const unpriced = Buffer.from(`,${shape.before('unpriced_requests')}`);
  const cost = amounts('cost', to, shape);
  const charge = amounts('billed', to, shape);
  for (let row = 0; row < length; row++) {
    const from = row * SUM_WIDTH;
    to.reserve(SUMS_BYTES);
    to.raw(begin);
    for (let i = 0; i < values.length; i++) {
      const { pieces, at } = values[i] as (typeof values)[number];
      const piece = pieces[at[row] as number] as Buffer;
      to.reserve(piece.length + SUMS_BYTES);
      to.raw(piece);
    }
    for (let i = 0; i < PLACES.length; i++) {
      to.raw(before[i] as Buffer);
      to.count(sums[from + (PLACES[i] as number)] as number);
    }
    cost(sums, from + COST);
    if (billed) charge(sums, from + BILLED);
    to.raw(unpriced);
    to.count(sums[from + UNPRICED] as number);
    to.raw(end);
  }
  return to.take();
}

/** Writes an amount, whose two parts begin at a place, in dollars and in nano-dollars. */
function amounts(
  name: 'cost' | 'billed',
  to: LineBuffer,
  { before, quote }: RowShape,
): (sums: Float64Array, from: number) => void {
  const usd = Buffer.from(`,${before(`${name}_usd`)}${quote}`);
  const nano = Buffer.from(`${quote},${before(`${name}_nano`)}`);
  return (sums, from) => {
    to.raw(usd);
    if (sums[from + 1] === 0) {
      const low = sums[from] as number;
      to.exactUsd(low);
      to.raw(nano);
      to.count(low);
      return;
    }
    const amount = amountAt(sums, from);
    to.raw(Buffer.from(exactUsd(amount)));
    to.raw(nano);
    to.count(Number(amount));
  };
}
