import type { ServiceTier } from '@headgate/sdk';

/**
 * The lines of the price snapshots, `genai.json` and `litellm.json`, as `scripts/prices-snapshot.mjs` writes them.
 * All rates are integer pico-dollars, per token unless it says otherwise: $1 per million tokens is 1,000,000.
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
  /** Pictures in, out, and read from the cache. */
  iin?: number;
  iout?: number;
  icr?: number;
  /** Video in and out. */
  vin?: number;
  vout?: number;
  /** Cited sources. */
  cite?: number;
}

/** What is billed by the piece, and the unit of each rate. */
export const PIECE_UNITS = {
  images: 1,
  inputAudioMs: 1000,
  outputAudioMs: 1000,
  videoMs: 1000,
  characters: 1,
  pages: 1,
  annotatedPages: 1,
  searchUnits: 1,
  webSearches: 1,
  /** The first web search of an answer, however many follow. */
  groundings: 1,
  fileSearches: 1,
  mapSearches: 1,
  codeSessions: 1,
} as const;
export type PieceUnit = keyof typeof PIECE_UNITS;

/** Pico-dollars a piece; of durations, a second. */
export type PieceRates = { [unit in PieceUnit]?: number };

/** Rates of a whole price list. */
export interface RateList extends RateRecord {
  /** Ascending. A tier holds for a *whole* request with more input tokens than `above`, and names what it changes. */
  tiers?: (RateRecord & { above: number })[];
  pieces?: PieceRates;
}

export interface PriceRecord extends RateList {
  /** Pico-dollars per request, on top of its tokens. */
  req?: number;
  /** Other price lists of the same model; what one does not name is as in this. */
  services?: { [tier in ServiceTier]?: RateList };
  /** What pieces of some kind cost instead: `high/1024x1024` of a picture, `1080p` of a video. */
  variants?: Record<string, PieceRates>;
  /** All tokens cost so many thousandths of their rates in these variants: `fast`, `us`. Those of one answer multiply. */
  factors?: Record<string, number>;
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

/** Capabilities by letter, see `capabilities.ts`. */
export type CapabilityLetters = string;

export interface PriceRow {
  /** Absent where the model's own name is the only one (LiteLLM). */
  match?: MatchRule;
  /** Absent when the source knows the model but no price of it. */
  price?: PriceRecord | PricePhase[];
  /** The source says that this model costs nothing. */
  free?: true;
  /** Context window, and the most tokens of one answer. */
  ctx?: number;
  max?: number;
  can?: CapabilityLetters;
  /** What it is for, where that is not a chat. */
  mode?: string;
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
