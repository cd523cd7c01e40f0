/**
 * What a provider calls the price list it charged by. `standard`: it said that it was the usual one. Names that mean the
 * same are one here: OpenAI's `default`, Anthropic's `standard`, Groq's `on_demand`, Gemini's `ON_DEMAND`.
 */
export const SERVICE_TIERS = ['standard', 'batch', 'flex', 'priority', 'balanced', 'ultrafast'] as const;
export type ServiceTier = (typeof SERVICE_TIERS)[number];

/**
 * What an answer may be billed by beside its eight ordinary counts of tokens. The first five are tokens that are part of
 * the totals; the rest are counts of their own. Durations are whole milliseconds.
 */
export const USAGE_UNITS = [
  /** Part of `inputTokens` that was pictures. */
  'inputImageTokens',
  /** Part of `outputTokens` that was pictures. */
  'outputImageTokens',
  /** Part of `cacheReadTokens` and of `inputImageTokens`. */
  'cachedImageTokens',
  /** Part of `inputTokens` that was video. */
  'inputVideoTokens',
  /** Part of `outputTokens` that was video. */
  'outputVideoTokens',
  /** Tokens of cited sources; not in the totals (Perplexity). */
  'citationTokens',
  /** Pictures made. */
  'images',
  'inputAudioMs',
  'outputAudioMs',
  /** Of video made. */
  'videoMs',
  /** Characters turned into speech. */
  'characters',
  /** Pages read by OCR. */
  'pages',
  /** Part of `pages` that was annotated too. */
  'annotatedPages',
  /** Queries of a reranker, as its provider counts them. */
  'searchUnits',
  'webSearches',
  'fileSearches',
  'mapSearches',
  /** Containers that ran code. */
  'codeSessions',
] as const;
export type UsageUnit = (typeof USAGE_UNITS)[number];

/** Counts by unit; what is zero is absent. */
export interface UsageUnits extends Partial<Record<UsageUnit, number>> {
  /**
   * What of several prices of one model holds: `high/1024x1024` of a picture, `1080p` of a video, `fast/us` of tokens that
   * are made faster and in one country.
   */
  variant?: string;
}

/**
 * Tokens of one answer, in the hub's terms. All counts are whole tokens, zero when the provider said nothing.
 *
 * The totals are inclusive, whatever the wire format does: `inputTokens` counts cached and cache-written tokens
 * too, `outputTokens` counts reasoning. OpenAI reports it this way; Anthropic reports the three input parts apart,
 * so its codec adds them up.
 */
export interface Usage {
  /** All input tokens: uncached + `cacheReadTokens` + `cacheWriteTokens` + `cacheWriteLongTokens`. */
  inputTokens: number;
  /** All output tokens, reasoning included. */
  outputTokens: number;
  /** Part of `inputTokens` served from the provider's prompt cache. */
  cacheReadTokens: number;
  /** Part of `inputTokens` written to the prompt cache with the default (five minutes) lifetime. */
  cacheWriteTokens: number;
  /** Part of `inputTokens` written to the prompt cache with the one-hour lifetime. */
  cacheWriteLongTokens: number;
  /** Part of `outputTokens` spent on reasoning. */
  reasoningTokens: number;
  /** Part of `inputTokens` that was audio. */
  inputAudioTokens: number;
  /** Part of `outputTokens` that was audio. */
  outputAudioTokens: number;
  /** Absent when the provider did not say. */
  serviceTier?: ServiceTier | undefined;
  /** Absent when there was nothing but tokens, which is the rule. */
  units?: UsageUnits | undefined;
  /** How many requests of a batch it is the sum of: prices by length are those of an average one. Absent for one. */
  requests?: number | undefined;
}

/** The members of a usage that are counts of tokens. */
export const TOKEN_COUNTS = [
  'inputTokens',
  'outputTokens',
  'cacheReadTokens',
  'cacheWriteTokens',
  'cacheWriteLongTokens',
  'reasoningTokens',
  'inputAudioTokens',
  'outputAudioTokens',
] as const satisfies readonly (keyof Usage)[];

/** A fresh, all-zero usage with the one constant object shape the runtime relies on. */
export function emptyUsage(): Usage {
  return {
    inputTokens: 0,
    outputTokens: 0,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    cacheWriteLongTokens: 0,
    reasoningTokens: 0,
    inputAudioTokens: 0,
    outputAudioTokens: 0,
    serviceTier: undefined,
    units: undefined,
  };
}

/** Adds to a unit of a usage; zero, and what is no number, adds nothing. */
export function addUnits(usage: Usage, unit: UsageUnit, count: number): void {
  if (!(count > 0)) return;
  const units = (usage.units ??= {});
  units[unit] = (units[unit] ?? 0) + Math.round(count);
}
