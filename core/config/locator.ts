import type { Path } from './path.js';

export interface Position {
  line: number;
  column: number;
}

/** Where things are in a file. */
export interface Locator {
  /** Of a key (or list item) or of its value; of the nearest thing around it when it is not in the file. */
  locate(path: Path, of: 'key' | 'value'): Position | null;
}

/** For configurations without a file. */
export const NOWHERE: Locator = { locate: () => null };
