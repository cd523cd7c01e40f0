import type { UsageRow } from './usage-report.js';
import { SUM_WIDTH, sumsAt } from './usage-sums.js';

/** Values of a column, told by their places in a list in which each stands once. */
export interface UsageTexts {
  readonly texts: readonly string[];
  /** Of each text, the name of the key whose id it is; null where it is no key. */
  readonly names: readonly string[] | null;
  readonly at: Int32Array;
}

/**
 * The rows of a report by columns. There may be 50,000 of them: objects would take longer to make, and to copy from the ledger's
 * thread to the one that answers, than all the counting.
 */
export interface UsageTable {
  readonly length: number;
  /** Of each dimension that was asked for. */
  readonly groups: readonly UsageTexts[];
  /** What `SumLists` has, row after row. */
  readonly sums: Float64Array;
  /** Whether it says what is charged on. */
  readonly billed: boolean;
}

export function rowsOf({ length, groups, sums, billed }: UsageTable): UsageRow[] {
  const keys = groups.find(({ names }) => names !== null);
  return Array.from({ length }, (_, row) => ({
    group: groups.map(({ texts, at }) => texts[at[row] as number] ?? ''),
    keyName: keys?.names?.[keys.at[row] as number] ?? '',
    sums: sumsAt(sums, row * SUM_WIDTH, billed),
  }));
}

/** Puts the values of one column together, each text once. */
export class TextColumn {
  private readonly texts: string[] = [];
  private readonly places = new Map<number, number>();
  private readonly at: Int32Array;

  constructor(length: number) {
    this.at = new Int32Array(length);
  }

  /** @param value a number that stands for the text, which is only asked for once */
  put(row: number, value: number, text: (value: number) => string): void {
    let place = this.places.get(value);
    if (place === undefined) {
      place = this.texts.push(text(value)) - 1;
      this.places.set(value, place);
    }
    this.at[row] = place;
  }

  done(names: ReadonlyMap<string, string> | null): UsageTexts {
    const { texts, at } = this;
    return { texts, at, names: names === null ? null : texts.map((text) => names.get(text) ?? '') };
  }
}
