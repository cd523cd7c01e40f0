/** Longest field name a set may hold, in bytes. Keys of a body that are longer are never compared. */
const MAX_NAME = 64;

const DEFAULT_MAX_DEPTH = 512;

/** What a look-up answers for a key that is none of the fields. */
export const NO_FIELD = -1;

export interface FieldSetOptions {
  /** Brackets that may be open at once, the outer object's included. Default 512. */
  readonly maxDepth?: number;
  /** Keys whose places are wanted wherever they stand inside the values of the fields, at any depth. Default none. */
  readonly inside?: readonly string[];
}

interface Candidate {
  readonly index: number;
  readonly bytes: Uint8Array;
  readonly folded: Uint8Array;
}

const NO_CANDIDATES: readonly Candidate[] = [];

/**
 * The names `scanTopLevel` looks for, prepared once at boot. A field is known by its index, in the order in which the
 * names were given, so that a request needs no map of names.
 */
export class FieldSet<Name extends string = string> {
  readonly names: readonly Name[];
  readonly maxDepth: number;
  /** Of the keys inside; null when there are none. */
  readonly inside: FieldSet | null;
  /** Bytes of the shortest key, quotes included, that can be one of the names written with an escape. */
  readonly shortestEscaped: number;
  /** 1 at each byte that ends one of the names, in either case. */
  readonly endings = new Uint8Array(256);
  readonly #byLength: readonly (readonly Candidate[])[];
  readonly #byFold: ReadonlyMap<string, number>;

  /** Throws a TypeError for a name that is too long, not plain printable ASCII, or given twice (in whatever case). */
  constructor(names: readonly Name[], options: FieldSetOptions = {}) {
    const byLength: Candidate[][] = [];
    const byFold = new Map<string, number>();
    names.forEach((name, index) => {
      if (!/^[ -~]+$/.test(name) || /["\\]/.test(name) || name.length > MAX_NAME) {
        throw new TypeError(
          `cannot scan for a field named ${JSON.stringify(name)}: it must be 1 to ${MAX_NAME} plain ASCII characters`,
        );
      }
      if (byFold.has(fold(name))) throw new TypeError(`the field ${JSON.stringify(name)} is named twice`);
      byFold.set(fold(name), index);
      const bytes = Buffer.from(name, 'latin1');
      const last = name.slice(-1);
      for (const end of [last.toLowerCase(), last.toUpperCase()]) this.endings[end.charCodeAt(0)] = 1;
      const sameLength = (byLength[name.length] ??= []);
      sameLength.push({ index, bytes, folded: bytes.map((byte) => byte | 0x20) });
    });
    this.names = [...names];
    this.maxDepth = options.maxDepth ?? DEFAULT_MAX_DEPTH;
    const { inside = [] } = options;
    this.inside = inside.length === 0 ? null : new FieldSet(inside);
    this.shortestEscaped =
      Math.min(...names.map(({ length }) => length)) + '""'.length + '\\u0000'.length - 1;
    this.#byLength = Array.from({ length: MAX_NAME + 1 }, (_, length) => byLength[length] ?? NO_CANDIDATES);
    this.#byFold = byFold;
  }

  /** The index of a name. Throws for a name outside the set: a mistake in the code, to be seen at boot. */
  index(name: Name): number {
    const index = this.names.indexOf(name);
    if (index < 0) throw new TypeError(`the field ${JSON.stringify(name)} is not in the set`);
    return index;
  }

  /** What the key at [start, end), plain ASCII without escapes, is: a field's index, a `lookAlike`, or `NO_FIELD`. */
  lookUp(body: Buffer, start: number, end: number): number {
    const length = end - start;
    if (length > MAX_NAME) return NO_FIELD;
    const candidates = this.#byLength[length]!;
    for (let c = 0; c < candidates.length; c++) {
      const { index, bytes, folded } = candidates[c]!;
      let i = 0;
      while (i < length && body[start + i] === bytes[i]) i++;
      if (i === length) return index;
      while (i < length && (body[start + i]! | 0x20) === folded[i]) i++;
      // Setting one bit equates more than letters ("_" and DEL), so the text decides.
      if (i === length) return this.lookUpText(body.toString('latin1', start, end));
    }
    return NO_FIELD;
  }

  /** `lookUp` for a key that had to be decoded, because of escapes or of bytes outside ASCII. */
  lookUpText(key: string): number {
    const index = this.#byFold.get(fold(key));
    if (index === undefined) return NO_FIELD;
    return key === this.names[index] ? index : lookAlike(index);
  }
}

/** Codes a field that a key resembles but for case as a number below `NO_FIELD`; applied again, it gives the index back. */
export function lookAlike(index: number): number {
  return -2 - index;
}

/** Case folding as Go's `encoding/json` does it, which counts the long s as `s` and the Kelvin sign as `k`. */
function fold(text: string): string {
  return text.toLowerCase().replaceAll('\u017f', 's');
}

/** Prepares the names of the top-level fields that scans shall find. Once, at boot. */
export function compileFields<const Name extends string>(
  names: readonly Name[],
  options?: FieldSetOptions,
): FieldSet<Name> {
  return new FieldSet(names, options);
}
