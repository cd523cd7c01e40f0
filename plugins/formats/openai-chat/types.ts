import type { FinishReason } from '@headgate/sdk';

/** Wire format id of `POST /v1/chat/completions`. */
export const OPENAI_CHAT = 'openai-chat';

/** Top-level request members that the hub has a name for; all others travel in `extra`. */
export const REQUEST_KEYS: ReadonlySet<string> = new Set([
  'model',
  'messages',
  'tools',
  'functions',
  'tool_choice',
  'function_call',
  'parallel_tool_calls',
  'response_format',
  'temperature',
  'top_p',
  'top_k',
  'frequency_penalty',
  'presence_penalty',
  'seed',
  'stop',
  'logprobs',
  'top_logprobs',
  'logit_bias',
  'max_tokens',
  'max_completion_tokens',
  'reasoning_effort',
  'reasoning',
  'n',
  'stream',
  'stream_options',
  'user',
  'metadata',
  'service_tier',
]);

/** `finish_reason` as OpenAI and its relatives write it. */
const FINISH: Record<string, FinishReason> = {
  stop: 'stop',
  eos: 'stop',
  end_turn: 'stop',
  length: 'length',
  max_tokens: 'length',
  model_length: 'length',
  tool_calls: 'tool-calls',
  function_call: 'tool-calls',
  content_filter: 'content-filter',
};

export function finishOf(raw: string): FinishReason {
  return Object.hasOwn(FINISH, raw) ? (FINISH[raw] as FinishReason) : 'other';
}

/** OpenAI's word for each reason; it has none for a stop string, a pause or a refusal. */
const WORDS: Record<FinishReason, string> = {
  stop: 'stop',
  'stop-sequence': 'stop',
  length: 'length',
  'tool-calls': 'tool_calls',
  'content-filter': 'content_filter',
  refusal: 'content_filter',
  pause: 'stop',
  other: 'stop',
};

/** `sameFormat`: the answer came from this format, so that the provider's own word is repeated. */
export function finishWord(reason: FinishReason, raw: string | undefined, sameFormat: boolean): string {
  return sameFormat && raw !== undefined ? raw : WORDS[reason];
}
