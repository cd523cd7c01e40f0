import { type ColumnHead, DOUBLES, PLAIN, TEXTS, THOUSANDTHS, WHOLE, WORDS } from './column.js';

const MOST_WORDS = 60_000;
/** What bytes cannot hold: it comes back as something longer, and all that follow would begin at the wrong place. */
const HALF_PAIR = /\p{Surrogate}/u;

/** Writes columns: their heads are returned, the body gathers here until it is taken. Used again and again. */
export class ColumnWriter {
  private body = new Uint8Array(64 * 1024);
  private view = new DataView(this.body.buffer);
  private used = 0;
  private numbersOf = new Float64Array(1024);

  start(): void {
    this.used = 0;
  }

  get bodyBytes(): number {
    return this.used;
  }

  copyBody(target: Uint8Array, at: number): void {
    target.set(this.body.subarray(0, this.used), at);
  }

  /**
   * Numbers, or null. With a `scale` of 1000 what lies below a thousandth is rounded away; numbers that are not finite
   * stay as they are.
   */
  numbers<T>(rows: readonly T[], get: (row: T) => unknown, scale: 1 | 1000): ColumnHead {
    const same = sameInAll(rows, get);
    if (same !== null) return same.length === 0 ? same : [rounded(same[0], scale)];
    if (rows.length > this.numbersOf.length) this.numbersOf = new Float64Array(rows.length * 2);
    const found = this.numbersOf;
    let least = Number.POSITIVE_INFINITY;
    let most = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < rows.length; i++) {
      const value = get(rows[i] as T);
      if (typeof value !== 'number') {
        if (value !== null) return this.doubles(rows, get, scale);
        found[i] = Number.NaN;
        continue;
      }
      const whole = scale === 1 ? value : Math.round(value * scale);
      if (Math.floor(whole) !== whole) return this.doubles(rows, get, scale);
      if (whole < least) least = whole;
      if (whole > most) most = whole;
      found[i] = whole;
    }
    if (!(most - least < 0xffff_fffe) || most > Number.MAX_SAFE_INTEGER || least < Number.MIN_SAFE_INTEGER)
      return this.doubles(rows, get, scale);
    const width = widthOf(most - least + 1);
    let at = this.grow(rows.length * width);
    for (let i = 0; i < rows.length; i++, at += width) {
      const value = found[i]!;
      this.put(at, width, Number.isNaN(value) ? 0 : value - least + 1);
    }
    return [scale === 1 ? WHOLE : THOUSANDTHS, width, least];
  }

  /** Values of which few are different: strings, booleans, null. */
  words<T>(rows: readonly T[], get: (row: T) => unknown): ColumnHead {
    const same = sameInAll(rows, get);
    if (same !== null) return same;
    const words: unknown[] = [];
    const positions = new Map<unknown, number>();
    // The width is known only at the end: two bytes a row are room enough for both.
    const start = this.grow(rows.length * 2);
    let before: unknown = words;
    let position = 0;
    for (let i = 0; i < rows.length; i++) {
      const value = get(rows[i] as T);
      if (value !== before) {
        before = value;
        const known = positions.get(value);
        position = known ?? words.length;
        if (known === undefined) {
          positions.set(value, position);
          words.push(value);
        }
      }
      this.view.setUint16(start + i * 2, position, true);
    }
    if (words.length > MOST_WORDS || (words.length > 16 && words.length * 2 > rows.length)) {
      this.used = start;
      return this.texts(rows, get);
    }
    if (words.length > 256) return [WORDS, 2, words];
    for (let i = 0; i < rows.length; i++) this.body[start + i] = this.body[start + i * 2]!;
    this.used = start + rows.length;
    return [WORDS, 1, words];
  }

  /** Strings that differ in nearly every row. */
  texts<T>(rows: readonly T[], get: (row: T) => unknown): ColumnHead {
    const same = sameInAll(rows, get);
    if (same !== null) return same;
    let joined = '';
    let longest = 0;
    let shortest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < rows.length; i++) {
      const value = get(rows[i] as T);
      if (typeof value !== 'string') return plain(rows, get);
      joined += value;
      if (value.length > longest) longest = value.length;
      if (value.length < shortest) shortest = value.length;
    }
    if (HALF_PAIR.test(joined)) return plain(rows, get);
    if (longest === shortest) return [TEXTS, 0, joined];
    const width = widthOf(longest);
    let at = this.grow(rows.length * width);
    for (let i = 0; i < rows.length; i++, at += width)
      this.put(at, width, (get(rows[i] as T) as string).length);
    return [TEXTS, width, joined];
  }

  /** Doubles, or whatever else there is. */
  private doubles<T>(rows: readonly T[], get: (row: T) => unknown, scale: 1 | 1000): ColumnHead {
    const values = rows.map((row) => rounded(get(row), scale));
    if (!values.every((value) => typeof value === 'number')) return [PLAIN, 0, values];
    let at = this.grow(rows.length * 8);
    for (let i = 0; i < rows.length; i++, at += 8) this.view.setFloat64(at, values[i]!, true);
    return [DOUBLES, 8, 0];
  }

  private put(at: number, width: number, value: number): void {
    if (width === 1) this.body[at] = value;
    else if (width === 2) this.view.setUint16(at, value, true);
    else this.view.setUint32(at, value, true);
  }

  /** Makes room and returns where it begins. */
  private grow(bytes: number): number {
    const start = this.used;
    this.used = start + bytes;
    if (this.used > this.body.length) {
      const larger = new Uint8Array(this.used * 2);
      larger.set(this.body);
      this.body = larger;
      this.view = new DataView(larger.buffer);
    }
    return start;
  }
}

/** Anything at all, such as lists. */
export function plain<T>(rows: readonly T[], get: (row: T) => unknown): ColumnHead {
  return sameInAll(rows, get) ?? [PLAIN, 0, rows.map(get)];
}

function sameInAll<T>(rows: readonly T[], get: (row: T) => unknown): readonly [] | readonly [unknown] | null {
  if (rows.length === 0) return [];
  const value = get(rows[0] as T);
  for (let i = 1; i < rows.length; i++) if (get(rows[i] as T) !== value) return null;
  return [value];
}

function rounded(value: unknown, scale: 1 | 1000): unknown {
  if (scale === 1 || typeof value !== 'number') return value;
  const thousandths = Math.round(value * scale);
  return Number.isFinite(thousandths) ? thousandths / scale : value;
}

/** Bytes that hold a number from 0 up to this one. */
function widthOf(most: number): 1 | 2 | 4 {
  return most < 0x100 ? 1 : most < 0x1_0000 ? 2 : 4;
}
