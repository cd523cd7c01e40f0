import type { FieldSet } from './json-fields.js';

/** Numbers kept for each field: key start, key end, value start, value end. */
const SLOTS = 4;

/**
 * Where a scan puts what it found: byte offsets into the scanned body. Made once for a FieldSet and filled anew by every
 * scan, so that a request allocates nothing here.
 */
export class FieldSpans {
  /** Offset of the brace that closes the object; -1 when the scan failed. */
  closeBrace = -1;
  /** Whether the object has no member at all. */
  empty = false;
  /** Index of a wanted field that came more than once, else -1. Parsers differ in which one wins: refuse such a body. */
  duplicate = -1;
  /**
   * Index of a wanted field whose name differs from one of the keys in case only, else -1. Go's parser takes such a key
   * for the field, so a body with `Model` can mean another model to the provider than to us: refuse it.
   */
  lookAlike = -1;
  /** Offset at which a failed scan stopped, else -1. */
  errorAt = -1;
  /** Offsets just after the keys inside the values that the FieldSet wants to know of, in their order; also after a failure. */
  readonly inside: number[] = [];
  readonly #at: Int32Array;

  constructor(fields: FieldSet) {
    this.#at = new Int32Array(fields.names.length * SLOTS).fill(-1);
  }

  reset(): void {
    this.#at.fill(-1);
    this.closeBrace = -1;
    this.empty = false;
    this.duplicate = -1;
    this.lookAlike = -1;
    this.errorAt = -1;
    if (this.inside.length > 0) this.inside.length = 0;
  }

  /** Records one member. A repeated key overwrites the first one, as JSON.parse does, and shows in `duplicate`. */
  record(field: number, keyStart: number, keyEnd: number, start: number, end: number): void {
    const at = this.#at;
    const slot = field * SLOTS;
    if (at[slot]! >= 0) this.duplicate = field;
    at[slot] = keyStart;
    at[slot + 1] = keyEnd;
    at[slot + 2] = start;
    at[slot + 3] = end;
  }

  has(field: number): boolean {
    return this.#at[field * SLOTS]! >= 0;
  }

  /** Offset of the quote that opens the key, or -1. */
  keyStart(field: number): number {
    return this.#at[field * SLOTS]!;
  }

  /** Offset just after the quote that closes the key, or -1. */
  keyEnd(field: number): number {
    return this.#at[field * SLOTS + 1]!;
  }

  /** Offset of the first byte of the value, or -1. */
  start(field: number): number {
    return this.#at[field * SLOTS + 2]!;
  }

  /** Offset just after the last byte of the value, or -1. */
  end(field: number): number {
    return this.#at[field * SLOTS + 3]!;
  }
}
