/** A place in what waits for sinks: everything before `offset` of that segment, and of all earlier ones, has been dealt with. */
export interface LogPlace {
  /** Names of segments are in order of time. */
  readonly segment: string;
  readonly offset: number;
}

/** What lies between two places, the first of them left out. */
export interface LogRange {
  readonly from: LogPlace;
  /** Null: and everything that comes. */
  readonly to: LogPlace | null;
}

/** A batch of settled records, as bytes, and where it ends. */
export interface Frame {
  readonly payload: Uint8Array;
  readonly end: LogPlace;
}

/** Batches that wait for sinks, in order. Each sink has a place of its own in them. */
export interface FrameLog {
  /** Where those begin that come from now on. */
  readonly end: LogPlace;
  /** The next one behind a place; null when there is none yet. */
  next(place: LogPlace): Frame | null;
  /** Bytes behind a place. */
  bytesAfter(place: LogPlace): number;
  /** Nobody needs what lies in none of these. */
  release(needed: readonly LogRange[]): void;
  close(): void;
}

/**
 * Told of what was kept for sinks and cannot be read by any of them: where it ends, and how many records it was, at least. The same
 * place may be told again.
 */
export type OnUnreadable = (end: LogPlace, records: number) => void;

export function isBefore(a: LogPlace, b: LogPlace): boolean {
  return a.segment === b.segment ? a.offset < b.offset : a.segment < b.segment;
}
