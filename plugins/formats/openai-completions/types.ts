import type { FinishReason } from '@headgate/sdk';

/** Wire format id of the legacy `POST /v1/completions`. */
export const OPENAI_COMPLETIONS = 'openai-completions';

/** Top-level request members that the hub has a name for; `echo`, `suffix`, `best_of` and others travel in `extra`. */
export const REQUEST_KEYS: ReadonlySet<string> = new Set([
  'model',
  'prompt',
  'temperature',
  'top_p',
  'frequency_penalty',
  'presence_penalty',
  'seed',
  'stop',
  'logprobs',
  'logit_bias',
  'max_tokens',
  'n',
  'stream',
  'stream_options',
  'user',
]);

/** The three reasons this API has; servers that know others say them, and they are kept as they came. */
export function finishOf(raw: string): FinishReason {
  return raw === 'stop' || raw === 'length' ? raw : raw === 'content_filter' ? 'content-filter' : 'other';
}

export function finishWord(reason: FinishReason, raw: string | undefined, sameFormat: boolean): string {
  if (sameFormat && raw !== undefined) return raw;
  if (reason === 'length') return 'length';
  return reason === 'content-filter' || reason === 'refusal' ? 'content_filter' : 'stop';
}
