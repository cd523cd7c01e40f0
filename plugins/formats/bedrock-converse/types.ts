import type { FinishReason } from '@headgate/sdk';

/** Wire format id of `POST /model/{modelId}/converse` and `/converse-stream`. */
export const BEDROCK_CONVERSE = 'bedrock-converse';

/** Top-level request members that the hub has a name for; all others travel in `extra`. */
export const REQUEST_KEYS: ReadonlySet<string> = new Set([
  'messages',
  'system',
  'inferenceConfig',
  'toolConfig',
  'additionalModelRequestFields',
  'requestMetadata',
  'serviceTier',
  'outputConfig',
]);

/** The tiers that `serviceTier.type` takes. */
export const SERVICE_TIERS: ReadonlySet<string> = new Set(['default', 'flex', 'priority', 'reserved']);

const FINISH: Record<string, FinishReason> = {
  end_turn: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  stop_sequence: 'stop-sequence',
  tool_use: 'tool-calls',
  content_filtered: 'content-filter',
  guardrail_intervened: 'content-filter',
  malformed_model_output: 'other',
  malformed_tool_use: 'other',
};

export function finishOf(raw: string): FinishReason {
  return Object.hasOwn(FINISH, raw) ? (FINISH[raw] as FinishReason) : 'other';
}

const WORDS: Record<FinishReason, string> = {
  stop: 'end_turn',
  'stop-sequence': 'stop_sequence',
  length: 'max_tokens',
  'tool-calls': 'tool_use',
  'content-filter': 'content_filtered',
  refusal: 'content_filtered',
  pause: 'end_turn',
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
