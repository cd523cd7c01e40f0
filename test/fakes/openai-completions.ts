import { type Answer, fragments } from './answer.js';
import { isObject, type Json } from './json-value.js';
import { openaiUsage } from './openai-chat.js';

const head = (request: Json, number: number): Json => ({
  id: `cmpl-fake${number}`,
  object: 'text_completion',
  created: 1_760_000_000 + number,
  model: request['model'],
});

/** The legacy `/v1/completions` answer. */
export function textCompletion(request: Json, answer: Answer, number: number): Json {
  return {
    ...head(request, number),
    choices: [{ text: answer.text ?? '', index: 0, logprobs: null, finish_reason: answer.finish ?? 'stop' }],
    usage: openaiUsage(answer),
  };
}

/** The same, streamed, without `[DONE]`. */
export function* textCompletionEvents(request: Json, answer: Answer, number: number): Generator<string> {
  const options = isObject(request['stream_options']) ? request['stream_options'] : {};
  const withUsage = options['include_usage'] === true;
  const chunk = (choices: Json[], usage: Json | null): string =>
    `data: ${JSON.stringify({ ...head(request, number), choices, ...(withUsage ? { usage } : {}) })}\n\n`;
  for (const text of fragments(answer.text ?? '')) {
    yield chunk([{ text, index: 0, logprobs: null, finish_reason: null }], null);
  }
  yield chunk([{ text: '', index: 0, logprobs: null, finish_reason: answer.finish ?? 'stop' }], null);
  if (withUsage) yield chunk([], openaiUsage(answer));
}
