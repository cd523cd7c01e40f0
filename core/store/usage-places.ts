import { PairTable } from './pair-table.js';

/** Cells of a dense table that are always allowed, and for each pair. */
const CELLS = 1_048_576;
const CELLS_A_PAIR = 16;

/** Gives each pair of whole numbers (of 31 bits) the next place, from 0 on: how rows of the same values find one another. */
export class PairPlaces {
  /** Place + 1 (0: none) by both numbers: pairs with the same first one are near each other. Null: that would be mostly empty. */
  private dense: Int32Array | null = new Int32Array(4);
  private lefts = 1;
  private rights = 4;
  private table: PairTable | null = null;
  private left = new Int32Array(512);
  private right = new Int32Array(512);
  count = 0;

  place(a: number, b: number): number {
    const { dense } = this;
    if (dense === null) return this.hashed(a, b);
    if (a >= this.lefts || b >= this.rights) {
      this.widen(a, b);
      return this.place(a, b);
    }
    const at = a * this.rights + b;
    const found = dense[at] as number;
    if (found !== 0) return found - 1;
    dense[at] = this.count + 1;
    return this.note(a, b);
  }

  leftOf(place: number): number {
    return this.left[place] as number;
  }

  rightOf(place: number): number {
    return this.right[place] as number;
  }

  private hashed(a: number, b: number): number {
    const table = this.table as PairTable;
    const place = table.place(a, b);
    if (place === this.count) this.note(a, b);
    return place;
  }

  private note(a: number, b: number): number {
    const place = this.count++;
    if (place === this.left.length) {
      this.left = larger(this.left);
      this.right = larger(this.right);
    }
    this.left[place] = a;
    this.right[place] = b;
    return place;
  }

  /** Room for that pair, in the dense table or in one with hashes. */
  private widen(a: number, b: number): void {
    const { left, right, count } = this;
    while (this.lefts <= a) this.lefts *= 2;
    while (this.rights <= b) this.rights *= 2;
    const cells = this.lefts * this.rights;
    if (cells > CELLS && cells > count * CELLS_A_PAIR) {
      this.dense = null;
      const table = new PairTable();
      for (let i = 0; i < count; i++) table.place(left[i] as number, right[i] as number);
      this.table = table;
      return;
    }
    const dense = new Int32Array(cells);
    for (let i = 0; i < count; i++) dense[(left[i] as number) * this.rights + (right[i] as number)] = i + 1;
    this.dense = dense;
  }
}

/** Gives each text the next place, from 0 on. */
export class TextPlaces {
  readonly texts: string[] = [];
  private readonly places = new Map<string, number>();

  place(text: string): number {
    let place = this.places.get(text);
    if (place === undefined) {
      place = this.texts.push(text) - 1;
      this.places.set(text, place);
    }
    return place;
  }
}

function larger(list: Int32Array): Int32Array<ArrayBuffer> {
  const more = new Int32Array(list.length * 2);
  more.set(list);
  return more;
}
