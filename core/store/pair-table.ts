/** Numbers of an entry, one of them unused: an entry lies within one line of the processor's cache. */
const ENTRY = 4;

/** Gives each pair of whole numbers (of 31 bits) the next place, from 0 on, by their hash. */
export class PairTable {
  private size = 1024;
  /** Place + 1 (0: free), and the pair. */
  private table = new Int32Array(this.size * ENTRY);
  private count = 0;

  place(a: number, b: number): number {
    const { table } = this;
    const at = this.find(a, b);
    const found = table[at] as number;
    if (found !== 0) return found - 1;
    if (this.count * 2 >= this.size) {
      this.grow();
      return this.place(a, b);
    }
    table[at] = this.count + 1;
    table[at + 1] = a;
    table[at + 2] = b;
    return this.count++;
  }

  /** Where the pair is, or would be. */
  private find(a: number, b: number): number {
    const { table } = this;
    const mask = this.size - 1;
    for (let at = hash(a, b) & mask; ; at = (at + 1) & mask) {
      const from = at * ENTRY;
      if (table[from] === 0 || (table[from + 1] === a && table[from + 2] === b)) return from;
    }
  }

  private grow(): void {
    const before = this.table;
    this.size *= 2;
    this.table = new Int32Array(this.size * ENTRY);
    for (let from = 0; from < before.length; from += ENTRY)
      if (before[from] !== 0)
        this.table.set(
          before.subarray(from, from + ENTRY),
          this.find(before[from + 1] as number, before[from + 2] as number),
        );
  }
}

function hash(a: number, b: number): number {
  let h = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b);
  h ^= h >>> 15;
  h = Math.imul(h, 0x2c1b3c6d);
  return h ^ (h >>> 13);
}
