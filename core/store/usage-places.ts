/** Gives each pair of whole numbers (of 31 bits) the next place, from 0 on: how rows of the same values find one another. */
export class PairPlaces {
  private size = 1024;
  /** Place + 1 by hash; 0: free. */
  private table = new Int32Array(this.size);
  private left = new Int32Array(512);
  private right = new Int32Array(512);
  count = 0;

  place(a: number, b: number): number {
    const mask = this.size - 1;
    let at = hash(a, b) & mask;
    for (;;) {
      const found = this.table[at] as number;
      if (found === 0) break;
      if (this.left[found - 1] === a && this.right[found - 1] === b) return found - 1;
      at = (at + 1) & mask;
    }
    if (this.count * 2 >= this.size) {
      this.grow();
      return this.place(a, b);
    }
    const place = this.count++;
    this.table[at] = place + 1;
    this.left[place] = a;
    this.right[place] = b;
    return place;
  }

  leftOf(place: number): number {
    return this.left[place] as number;
  }

  rightOf(place: number): number {
    return this.right[place] as number;
  }

  private grow(): void {
    this.size *= 2;
    this.table = new Int32Array(this.size);
    const [left, right] = [new Int32Array(this.size / 2), new Int32Array(this.size / 2)];
    left.set(this.left);
    right.set(this.right);
    this.left = left;
    this.right = right;
    for (let i = 0; i < this.count; i++) {
      let at = hash(left[i] as number, right[i] as number) & (this.size - 1);
      while (this.table[at] !== 0) at = (at + 1) & (this.size - 1);
      this.table[at] = i + 1;
    }
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

function hash(a: number, b: number): number {
  let h = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b);
  h ^= h >>> 15;
  h = Math.imul(h, 0x2c1b3c6d);
  return h ^ (h >>> 13);
}
