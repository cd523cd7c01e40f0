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
}

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
  };
}
