/**
 * Where nodes keep what they hold of each counter. A node's *hold* is the most that its own count may reach: what it has used
 * and reserved, and a margin that it may still take without asking. The holds of all nodes together never pass the cap.
 */
export interface HoldAsk {
  /** Name of the counter and start of its window. */
  readonly key: string;
  /** Parts of the store that may lose their data apart from the others. */
  readonly bucket: number;
  /** What this node knows the bucket's epoch as; '' nothing. */
  readonly epoch: string;
  /** One higher with each write of this key: an older one that comes late changes nothing. */
  readonly seq: number;
  /** Used and reserved here. */
  readonly count: number;
  /** What is held here already, and at least the count: the answer is never less. */
  readonly floor: number;
  /** With less than that the caller is not served at all; with `need` all that wait are; `want` has a margin too. */
  readonly least: number;
  readonly need: number;
  readonly want: number;
  /** Infinity: none. */
  readonly cap: number;
  /** Nodes that are there: the margin is at most half of an equal part of what is left. */
  readonly nodes: number;
  /** How long the key is kept after this write, milliseconds. */
  readonly keepMs: number;
  /** Holds of others that were not written for so long are no more; 0: they stay as long as the key. */
  readonly forgetMs: number;
  /** What runs, in place of what was used: a node that is gone has none of it. */
  readonly live: boolean;
  /** What was used before all these holds must be known before anything is granted. */
  readonly wantsBase: boolean;
  /** That, as far as it is known here; '' when it is not. See {@link baseOf}. */
  readonly base: string;
  /** The node stops: its count becomes a part of the base. */
  readonly final: boolean;
  /** What the ledger knows of the counter, for the next life of this node; '' when it knows nothing. See {@link aboutOf}. */
  readonly about: string;
  /**
   * Earlier lives of this node whose holds stay as they are, since what they used is being found out; separated by spaces. Holds of
   * others become a part of the base.
   */
  readonly spared: string;
}

export interface HoldAnswer {
  /**
   * `ok`: at least `least` is held; `refused`: it does not fit; `base`: the base is not known; `wait`: the data was lost a moment
   * ago, and the others are putting back what they hold; `epoch`: it was lost since this node looked, nothing was written;
   * `stale`: a later write came first.
   */
  readonly status: 'ok' | 'refused' | 'base' | 'wait' | 'epoch' | 'stale';
  /** Of this node now. */
  readonly hold: number;
  /** Held by others, and what of that they said they used and reserved. */
  readonly others: number;
  readonly othersUsed: number;
  readonly baseSum: number;
  readonly base: string;
  readonly waitMs: number;
  readonly epoch: string;
}

/** What is to become of what a life of this node held that is over. */
export interface SettleAsk {
  readonly key: string;
  readonly bucket: number;
  readonly life: string;
  /** What it used of the window, certainly and perhaps. It held more than the first or had used more than it held. */
  readonly least: number;
  readonly most: number;
  /** As {@link HoldAsk.forgetMs}. */
  readonly forgetMs: number;
}

/** A counter that a life of this node held some of. */
export interface HeldBefore {
  readonly key: string;
  readonly about: string;
}

/** Where that is asked for and settled. */
export interface LifeStore {
  /** Of all these lives those that say that they are there. */
  alive(lives: readonly string[]): Promise<readonly string[]>;
  heldBy(life: string, bucket: number): Promise<HeldBefore[]>;
  /** What was used becomes a part of the base, the rest is free. How much was given back; null: it must stay as it is. */
  settle(ask: SettleAsk): Promise<number | null>;
}

export interface HoldStore {
  /** One step that nobody comes between. Rejects when the store does not answer in time; it may have been done then. */
  hold(ask: HoldAsk): Promise<HoldAnswer>;
}

/**
 * What was used before: pairs of an amount and until when it counts, unix milliseconds, 0 for the whole window; as text, since it
 * goes into the store and out of it as it is.
 */
export function baseOf(pairs: readonly number[]): string {
  return pairs.map((value) => value.toFixed(0)).join(' ');
}
