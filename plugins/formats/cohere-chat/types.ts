import type { FinishReason } from '@headgate/sdk';

/** Wire format id of `POST /v2/chat`. */
export const COHERE_CHAT = 'cohere-chat';

/** Top-level request members that the hub has a name for; `documents`, `safety_mode` and others travel in `extra`. */
export const REQUEST_KEYS: ReadonlySet<string> = new Set([
  'model',
  'messages',
  'tools',
  'strict_tools',
  'tool_choice',
  'response_format',
  'temperature',
  'p',
  'k',
  'frequency_penalty',
  'presence_penalty',
  'seed',
  'stop_sequences',
  'logprobs',
  'max_tokens',
  'thinking',
  'stream',
]);

const FINISH: Record<string, FinishReason> = {
  COMPLETE: 'stop',
  STOP_SEQUENCE: 'stop-sequence',
  MAX_TOKENS: 'length',
  ERROR_LIMIT: 'length',
  TOOL_CALL: 'tool-calls',
  ERROR_TOXIC: 'content-filter',
};

/** `ERROR` and `TIMEOUT` are no reason that other APIs know. */
export function finishOf(raw: string): FinishReason {
  return Object.hasOwn(FINISH, raw) ? (FINISH[raw] as FinishReason) : 'other';
}

/** Cohere's word for each reason; `ERROR` is all it says of an answer that was cut off against the model's will. */
const WORDS: Record<FinishReason, string> = {
  stop: 'COMPLETE',
  'stop-sequence': 'STOP_SEQUENCE',
  length: 'MAX_TOKENS',
  'tool-calls': 'TOOL_CALL',
  'content-filter': 'ERROR',
  refusal: 'COMPLETE',
  pause: 'COMPLETE',
  other: 'COMPLETE',
};

/**
 * `called`: the answer holds a tool call. OpenAI ends a forced call with `stop`, but clients of this API only run a tool
 * when they read `TOOL_CALL`.
 */
export function finishWord(
  reason: FinishReason,
  raw: string | undefined,
  same: boolean,
  called: boolean,
): string {
  if (same && raw !== undefined) return raw;
  return called && (reason === 'stop' || reason === 'other') ? 'TOOL_CALL' : WORDS[reason];
}
