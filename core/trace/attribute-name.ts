import { type Piece, pieceOf } from '../observe/piece.js';

/** Texts that are kept for a name. */
const MOST_VALUES = 512;
/** A longer text is not likely to come again. */
const LONGEST = 64;

/**
 * The name of an attribute, with its bytes in OTLP and those of attributes that were written before: most texts of spans come
 * again and again, such as models, teams and keys, and to write one anew costs several times as much as to copy it.
 */
export class AttributeName {
  /** `KeyValue.key` with its tag and length. */
  readonly key: Piece;
  /** Whole attributes by their texts; null where nearly every one has a text of its own. */
  private values: Map<string, Piece> | null = new Map();
  private found = 0;

  constructor(readonly text: string) {
    const bytes = Buffer.from(text, 'utf8');
    const length: number[] = [];
    let rest = bytes.length;
    for (; rest > 0x7f; rest >>>= 7) length.push((rest & 0x7f) | 0x80);
    length.push(rest);
    this.key = pieceOf(Buffer.from([0x0a, ...length, ...bytes]));
  }

  /** The whole attribute with that text. */
  find(text: string): Piece | undefined {
    const known = this.values?.get(text);
    if (known !== undefined) this.found++;
    return known;
  }

  /** Whether the attribute with that text is worth being kept. */
  wants(text: string): boolean {
    const { values } = this;
    if (values === null || text.length > LONGEST) return false;
    if (values.size < MOST_VALUES) return true;
    if (this.found >= 2 * MOST_VALUES) values.clear();
    else this.values = null;
    this.found = 0;
    return this.values !== null;
  }

  keep(text: string, bytes: Uint8Array): void {
    this.values?.set(text, pieceOf(bytes));
  }
}
