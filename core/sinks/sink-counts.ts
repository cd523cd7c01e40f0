/** What became of records and deliveries of one sink since the start. */
export interface SinkCounts {
  sent: number;
  /** The vendor will never take them. */
  refused: number;
  /** There was no more room for them while the vendor was away. */
  dropped: number;
  /** Not wanted by the rules of the sink. */
  sampledOut: number;
  deliveries: number;
  /** Deliveries that came to nothing and were tried again. */
  failures: number;
}

export function noCounts(): SinkCounts {
  return { sent: 0, refused: 0, dropped: 0, sampledOut: 0, deliveries: 0, failures: 0 };
}

/** How a sink fares, for health, metrics and people. */
export interface SinkState {
  readonly name: string;
  readonly use: string;
  readonly counts: SinkCounts;
  /** Bytes of records, as they are kept, that it does not have yet. */
  readonly backlogBytes: number;
  /** Why the last delivery failed; null when it did not. */
  readonly failing: string | null;
}
