import { type BillRule, billedFast, billedNano } from './bill-rules.js';
import { COST_UNIT, type UsageColumns, type ValueColumn } from './usage-block.js';
import type { UsageUnit } from './usage-blocks.js';
import { GROUP_COLUMNS, SUM_COLUMNS } from './usage-columns.js';
import { COLUMN_OF } from './usage-filter.js';
import type { UsageMemory } from './usage-memory.js';
import type { GroupDimension } from './usage-report.js';

/** Rules told by one number. */
const WORD = 31;
const at = (name: (typeof SUM_COLUMNS)[number]): number => SUM_COLUMNS.indexOf(name);
const [REQUESTS, INPUT, OUTPUT, CACHE_READ, COST] = [
  at('requests'),
  at('input_tokens'),
  at('output_tokens'),
  at('cache_read_tokens'),
  at('cost_nano'),
];

/** What is charged for each row of a unit: what is below `COST_UNIT`, and whole ones. */
export interface BilledColumn {
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/** Finds for each sum the first rule that fits, and what it charges. */
export class BillCount {
  private readonly words: number;
  private readonly named: readonly GroupDimension[];
  /** By dimension and place of the value: the rules that it fits, a bit each. */
  private readonly fits: ReadonlyMap<GroupDimension, Map<number, Int32Array>>;

  constructor(
    private readonly rules: readonly BillRule[],
    private readonly memory: UsageMemory,
  ) {
    this.words = Math.ceil(rules.length / WORD);
    this.named = [...new Set(rules.flatMap(({ match }) => Object.keys(match) as GroupDimension[]))];
    this.fits = new Map(this.named.map((name) => [name, new Map()]));
  }

  count({ start, slots, columns }: UsageUnit): BilledColumn {
    const found = this.rulesOf(start, slots, columns);
    const low = new Float64Array(columns.rows);
    const high = new Float64Array(columns.rows);
    const value = (column: number, row: number): number => columns.sums[column]?.[row] ?? 0;
    for (let row = 0; row < columns.rows; row++) {
      const place = found[row] as number;
      const costHigh = columns.costHigh?.[row] ?? 0;
      const cost = value(COST, row);
      if (place < 0) {
        low[row] = cost;
        high[row] = costHigh;
        continue;
      }
      const rule = this.rules[place] as BillRule;
      const [requests, input] = [value(REQUESTS, row), value(INPUT, row)];
      const [output, cacheRead] = [value(OUTPUT, row), value(CACHE_READ, row)];
      const fast = costHigh === 0 ? billedFast(rule, { requests, input, output, cacheRead, cost }) : null;
      if (fast !== null && fast < COST_UNIT) {
        low[row] = fast;
        continue;
      }
      const billed = billedNano(rule, {
        requests,
        inputTokens: input,
        outputTokens: output,
        cacheReadTokens: cacheRead,
        costNano: BigInt(costHigh) * BigInt(COST_UNIT) + BigInt(cost),
      });
      const units = billed / BigInt(COST_UNIT);
      low[row] = Number(billed - units * BigInt(COST_UNIT));
      high[row] = Number(units);
    }
    return { low, high };
  }

  /** Of each row the first rule that fits; -1: none does. */
  private rulesOf(start: number, slots: number, columns: UsageColumns): Int32Array {
    const found = new Int32Array(columns.rows);
    const times = Array.from({ length: slots }, (_, i) => this.inForce(start + i));
    const values = this.named.map((name) => this.fitsOf(name, columns.values[columnOf(name)] as ValueColumn));
    for (let row = 0; row < columns.rows; row++) {
      found[row] = -1;
      const time = times[columns.slots?.[row] ?? 0] as Int32Array;
      for (let word = 0; word < this.words; word++) {
        let left = time[word] as number;
        for (let i = 0; left !== 0 && i < values.length; i++) {
          const { fits, at } = values[i] as { fits: Int32Array[]; at: ValueColumn['at'] };
          left &= (fits[at === null ? 0 : (at[row] as number)] as Int32Array)[word] as number;
        }
        if (left === 0) continue;
        found[row] = word * WORD + (31 - Math.clz32(left & -left));
        break;
      }
    }
    return found;
  }

  private inForce(slot: number): Int32Array {
    return this.bits(({ fromSlot, toSlot }) => (fromSlot ?? slot) <= slot && slot < (toSlot ?? slot + 1));
  }

  private fitsOf(name: GroupDimension, column: ValueColumn): { fits: Int32Array[]; at: ValueColumn['at'] } {
    const known = this.fits.get(name) as Map<number, Int32Array>;
    const places = this.memory.placesOf(columnOf(name), column);
    const fits = column.values.map((value, i) => {
      let bits = known.get(places[i] as number);
      if (bits === undefined) {
        bits = this.bits(({ match }) => match[name]?.some((pattern) => isOne(name, value, pattern)) ?? true);
        known.set(places[i] as number, bits);
      }
      return bits;
    });
    return { fits, at: column.at };
  }

  private bits(has: (rule: BillRule) => boolean): Int32Array {
    const bits = new Int32Array(this.words);
    this.rules.forEach((rule, i) => {
      const word = Math.floor(i / WORD);
      if (has(rule)) bits[word] = (bits[word] as number) | (1 << (i % WORD));
    });
    return bits;
  }
}

function columnOf(name: GroupDimension): number {
  return (GROUP_COLUMNS as readonly string[]).indexOf(name === 'tag' ? 'tags' : COLUMN_OF[name]);
}

function isOne(name: GroupDimension, value: string, pattern: string): boolean {
  if (name !== 'tag') return isLike(value, pattern);
  const tags = value === '' ? [] : (JSON.parse(value) as string[]);
  return (tags.length === 0 ? [''] : tags).some((tag) => isLike(tag, pattern));
}

/** `*` stands for any text, none included. Takes time in proportion to both lengths. */
function isLike(text: string, pattern: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return text === pattern;
  const last = rest.pop() as string;
  if (!text.startsWith(first) || text.length < first.length + last.length) return false;
  let from = first.length;
  const end = text.length - last.length;
  for (const part of rest) {
    const found = text.indexOf(part, from);
    if (found < 0 || found + part.length > end) return false;
    from = found + part.length;
  }
  return text.endsWith(last);
}
