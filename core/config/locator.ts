import type { Path } from './path.js';

export interface Position {
  line: number;
  column: number;
}

/** A place in what the store defines. */
export interface StoredPlace {
  /** Its `definitionKey`. */
  readonly owner: string;
  /** With the id of a plugin in place of its number. */
  readonly path: Path;
}

/** Where things are in a file. */
export interface Locator {
  /** Of a key (or list item) or of its value; of the nearest thing around it when it is not in the file. */
  locate(path: Path, of: 'key' | 'value'): Position | null;
  /** Whose the place is when the store defines it, and how it is called there; null when it is the file's. */
  stored?(path: Path): StoredPlace | null;
}

/** For configurations without a file. */
export const NOWHERE: Locator = { locate: () => null };
