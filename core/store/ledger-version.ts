/** Steps of `LEDGER_STEPS`. Apart from them, since nearly every start finds that all were made, and loads none of what makes them. */
export const LEDGER_VERSION = 9;

/** Blocks of fewer records are worth merging. Part of an index: another number needs another one. */
export const SMALL_BLOCK = 64;
