/** How the values of one field lie in a batch. The numbers are on disk: none may ever mean something else. */
export const PLAIN = 0;
/** Whole numbers above a base, in the body; 0 there is null, 1 is the base. */
export const WHOLE = 1;
/** The same in thousandths. */
export const THOUSANDTHS = 2;
/** Doubles, in the body. */
export const DOUBLES = 3;
/** Positions, in the body, in a list of the values that occur. */
export const WORDS = 4;
/** One joined string. In the body the length of each part; nothing there when all are of one length. */
export const TEXTS = 5;

/**
 * What the head of a batch says of a column: `[value]` when it is the same in all rows, `[]` when there are none,
 * otherwise one of the kinds, the bytes of a row in the body (0, 1, 2, 4 or 8) and what the kind needs besides.
 */
export type ColumnHead = readonly [] | readonly [unknown] | readonly [number, number, unknown];

const SAME = -1;

/**
 * One field over the rows of a batch, read in place. One class for all kinds, because a call that may lead to six
 * different ones is never inlined.
 */
export class Column<V = unknown> {
  /** Where each part of TEXTS begins, unless all are of one length. */
  private starts: Uint32Array | null = null;
  private view: DataView | null = null;
  /** `text` in small letters, once somebody has looked for something in it. */
  private lowered: string | null = null;

  private constructor(
    private readonly kind: number,
    private readonly rows: number,
    private readonly width: number,
    private readonly base: number,
    private readonly text: string,
    private readonly values: readonly unknown[],
    private readonly bytes: Uint8Array,
    private readonly offset: number,
  ) {}

  /**
   * Throws when the head is none.
   *
   * @param offset where its part of the body begins in `bytes`; it has `bodyBytes(head, rows)` bytes
   */
  static open<V>(head: unknown, rows: number, bytes: Uint8Array, offset: number): Column<V> {
    if (!Array.isArray(head)) throw new Error('a column without a head');
    if (head.length < 3) return new Column<V>(SAME, rows, 0, 0, '', head, bytes, offset);
    const [kind, width, more] = head as [unknown, unknown, unknown];
    const fits = offset + bodyBytes(head, rows) <= bytes.length;
    if (typeof kind !== 'number' || typeof width !== 'number' || !fits) throw new Error('a column cut short');
    const base = typeof more === 'number' ? more : 0;
    const text = typeof more === 'string' ? more : '';
    const values = Array.isArray(more) ? (more as unknown[]) : [];
    return new Column<V>(kind, rows, width, base, text, values, bytes, offset);
  }

  /** Whether all rows have one value, which was found out when they were written. */
  get same(): boolean {
    return this.kind === SAME;
  }

  /** The value of row `i`, which must be one of the rows. */
  at(i: number): V {
    switch (this.kind) {
      case SAME:
        return this.values[0] as V;
      case WHOLE: {
        const raw = this.raw(i);
        return (raw === 0 ? null : this.base + (raw - 1)) as V;
      }
      case THOUSANDTHS: {
        const raw = this.raw(i);
        return (raw === 0 ? null : (this.base + (raw - 1)) / 1000) as V;
      }
      case WORDS:
        return this.values[this.raw(i)] as V;
      case TEXTS:
        return this.part(i) as V;
      case DOUBLES:
        return this.double(i) as V;
      default:
        return this.values[i] as V;
    }
  }

  /** False when no row has that value, found out without looking at the rows. */
  mayHave(value: V): boolean {
    if (this.kind === SAME || this.kind === WORDS) return this.values.includes(value);
    if (this.kind === TEXTS) return typeof value === 'string' && this.text.includes(value);
    if (this.kind === WHOLE && typeof value === 'number')
      return value >= this.base && value - this.base < 256 ** this.width;
    return true;
  }

  /** Takes the rows out of `mask` whose value does not pass. False when no row is left. */
  keep(passes: (value: V) => boolean, mask: Uint8Array): boolean {
    const { rows } = this;
    const verdicts = this.verdicts(passes);
    let left = 0;
    if (verdicts !== null && !verdicts.includes(1)) return false;
    for (let i = 0; i < rows; i++) {
      if (mask[i] === 0) continue;
      mask[i] = verdicts === null ? Number(passes(this.at(i))) : (verdicts[this.wordOf(i)] as number);
      left |= mask[i]!;
    }
    return left !== 0;
  }

  /** Sets in `mask` the rows whose value passes. */
  mark(passes: (value: V) => boolean, mask: Uint8Array): void {
    const verdicts = this.verdicts(passes);
    if (verdicts !== null && !verdicts.includes(1)) return;
    for (let i = 0; i < this.rows; i++) {
      if (verdicts === null ? passes(this.at(i)) : verdicts[this.wordOf(i)] === 1) mask[i] = 1;
    }
  }

  /** False when no row has a text with that in it, small letters for large ones; found out without looking at each row. */
  mayContain(lower: string): boolean {
    if (this.kind !== TEXTS) return this.kind === SAME || this.kind === WORDS || this.kind === PLAIN;
    this.lowered ??= this.text.toLowerCase();
    return this.lowered.includes(lower);
  }

  /** What becomes of each word, where rows hold words; null elsewhere. */
  private verdicts(passes: (value: V) => boolean): Uint8Array | null {
    if (this.kind !== SAME && this.kind !== WORDS) return null;
    const { values } = this;
    // `Uint8Array.from` takes three times as long.
    const verdicts = new Uint8Array(values.length);
    for (let i = 0; i < values.length; i++) if (passes(values[i] as V)) verdicts[i] = 1;
    return verdicts;
  }

  private wordOf(i: number): number {
    return this.kind === SAME ? 0 : this.raw(i);
  }

  private raw(i: number): number {
    const { bytes, width } = this;
    const at = this.offset + i * width;
    if (width === 1) return bytes[at]!;
    const low = bytes[at]! | (bytes[at + 1]! << 8);
    return width === 2 ? low : (low | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
  }

  private double(i: number): number {
    this.view ??= new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length);
    return this.view.getFloat64(this.offset + i * 8, true);
  }

  private part(i: number): string {
    if (this.width === 0) {
      const length = this.text.length / this.rows;
      return this.text.slice(i * length, (i + 1) * length);
    }
    this.starts ??= this.findStarts();
    return this.text.slice(this.starts[i], this.starts[i + 1]);
  }

  private findStarts(): Uint32Array {
    const starts = new Uint32Array(this.rows + 1);
    for (let i = 0; i < this.rows; i++) starts[i + 1] = starts[i]! + this.raw(i);
    return starts;
  }
}

/** How much of the body a column has. */
export function bodyBytes(head: readonly unknown[], rows: number): number {
  return head.length < 3 ? 0 : Number(head[1]) * rows;
}
