import type { TimeRange } from '../request-reader.js';

/** Requests whose bodies have all the words that are looked for. */
export interface TextMatches {
  /** When they arrived. */
  readonly times: ReadonlySet<number>;
  readonly ids: ReadonlySet<string>;
  /** From then on these are all; there may be more that are older. Unix milliseconds. */
  readonly since: number;
}

/** Finds requests by what was kept of their bodies. */
export interface TextIndex {
  matches(text: string, range: TimeRange): Promise<TextMatches>;
}
