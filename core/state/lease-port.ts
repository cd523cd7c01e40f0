/** The place of the counter that decides, -1 when all may be tried again, and what became of it. */
export interface RaiseAnswer {
  readonly at: number;
  readonly verdict: 'held' | 'refused' | 'base' | 'away';
}

/** Where a thread asks the main thread for more of counters that nodes share. */
export interface LeasePort {
  /** Resolves when more is held, or it is known that there is no more. */
  raiseHolds(
    slots: readonly number[],
    amounts: readonly number[],
    caps: readonly number[],
  ): Promise<RaiseAnswer>;
  /** What was used in the window that began then, before the nodes of now. */
  setBase(slot: number, start: number, pairs: readonly number[]): Promise<void>;
}
