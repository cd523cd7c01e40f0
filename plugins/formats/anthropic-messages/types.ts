import type { FinishReason } from '@headgate/sdk';

/** Wire format id of `POST /v1/messages`. */
export const ANTHROPIC_MESSAGES = 'anthropic-messages';
/** Wire format id of `POST /v1/messages/count_tokens`. */
export const ANTHROPIC_COUNT_TOKENS = 'anthropic-count-tokens';

/**
 * Null in the bag of a document whose mark stands on a block inside: the bag has that block as it came, so the mark is not
 * written beside it a second time.
 */
export const MARKED_INSIDE = 'cache_control';

/** Both ends of the family: their `extra` bags fit each other. */
export function isAnthropic(origin: string): boolean {
  return origin === ANTHROPIC_MESSAGES || origin === ANTHROPIC_COUNT_TOKENS;
}

/** Top-level request members that the hub has a name for; all others travel in `extra`. */
export const REQUEST_KEYS: ReadonlySet<string> = new Set([
  'model',
  'messages',
  'system',
  'tools',
  'tool_choice',
  'max_tokens',
  'temperature',
  'top_p',
  'top_k',
  'stop_sequences',
  'stream',
  'metadata',
  'service_tier',
  'thinking',
  'output_config',
  'output_format',
]);

const FINISH: Record<string, FinishReason> = {
  end_turn: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  stop_sequence: 'stop-sequence',
  tool_use: 'tool-calls',
  pause_turn: 'pause',
  refusal: 'refusal',
};

export function finishOf(raw: string): FinishReason {
  return Object.hasOwn(FINISH, raw) ? (FINISH[raw] as FinishReason) : 'other';
}

const WORDS: Record<FinishReason, string> = {
  stop: 'end_turn',
  'stop-sequence': 'stop_sequence',
  length: 'max_tokens',
  'tool-calls': 'tool_use',
  'content-filter': 'refusal',
  refusal: 'refusal',
  pause: 'pause_turn',
  other: 'end_turn',
};

/**
 * `called`: the answer holds a tool call. OpenAI ends a forced call with `stop`, but clients of this API only run a
 * tool when they read `tool_use`.
 */
export function stopReason(
  reason: FinishReason,
  raw: string | undefined,
  sameFormat: boolean,
  called: boolean,
): string {
  if (sameFormat && raw !== undefined) return raw;
  return called && (reason === 'stop' || reason === 'other') ? 'tool_use' : WORDS[reason];
}
