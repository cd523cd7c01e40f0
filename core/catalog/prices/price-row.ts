/**
 * The lines of the price snapshots, `genai.json` and `litellm.json`, as `scripts/prices-snapshot.mjs` writes them.
 * All rates are integer pico-dollars per token: $1 per million tokens is 1,000,000.
 */

/** Rates by short name; one that is absent falls back as `rates.ts` says. */
export interface RateRecord {
  in?: number;
  out?: number;
  /** Cache reads. */
  cr?: number;
  /** Cache writes with the default lifetime. */
  cw?: number;
  /** Cache writes with the one-hour lifetime. */
  cwl?: number;
  /** Reasoning. */
  think?: number;
  /** Audio in, out, and read from the cache. */
  ain?: number;
  aout?: number;
  acr?: number;
}

export interface PriceRecord extends RateRecord {
  /** Pico-dollars per request, on top of its tokens. */
  req?: number;
  /** Ascending. A tier holds for a *whole* request with more input tokens than `above`, and names what it changes. */
  tiers?: (RateRecord & { above: number })[];
}

/** A price with a time to it. The last phase in force wins; one without a condition always is. */
export interface PricePhase {
  /** From the start of this UTC day, `YYYY-MM-DD`. */
  since?: string;
  /** Every day from the first to the second, in seconds of the UTC day; may pass midnight. */
  daily?: [number, number];
  price: PriceRecord;
}

/** `=exact`, `^prefix`, `$suffix`, `*part`, `/regex`; a list is "any of". Texts are lower case. */
export type MatchRule = string | MatchRule[] | { all: MatchRule[] };

export interface PriceRow {
  /** Absent where the model's own name is the only one (LiteLLM). */
  match?: MatchRule;
  /** Absent when the source knows the model but no price per token. */
  price?: PriceRecord | PricePhase[];
  /** The source says that this model costs nothing. */
  free?: true;
  /** Context window, and the most tokens of one answer. */
  ctx?: number;
  max?: number;
}

export interface SnapshotMeta {
  source: string;
  version: string;
  licence: string;
  notice: string;
  /** Day of the snapshot, `YYYY-MM-DD`. */
  taken: string;
  /** Providers whose models another provider resells under the same names. */
  fallback?: Record<string, string[]>;
}
