import { type Answer, fragments, tokensOf } from './answer.js';
import { isObject, type Json } from './json-value.js';

/** OpenAI's `usage` object, details included. */
export function openaiUsage(answer: Answer): Json {
  const tokens = tokensOf(answer);
  return {
    prompt_tokens: tokens.input,
    completion_tokens: tokens.output,
    total_tokens: tokens.input + tokens.output,
    prompt_tokens_details: { cached_tokens: tokens.cacheRead, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: tokens.reasoning,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

const finishOf = (answer: Answer): string => answer.finish ?? (answer.toolCalls ? 'tool_calls' : 'stop');

const callsOf = (answer: Answer) =>
  (answer.toolCalls ?? []).map((call, index) => ({
    id: call.id ?? `call_fake${index}`,
    type: 'function',
    function: { name: call.name, arguments: call.arguments },
  }));

const head = (request: Json, number: number, object: string): Json => ({
  id: `chatcmpl-fake${number}`,
  object,
  created: 1_760_000_000 + number,
  model: request['model'],
});
const tail = { service_tier: 'default', system_fingerprint: 'fp_fake0123456' };
const choices = (request: Json): number[] =>
  Array.from({ length: typeof request['n'] === 'number' ? request['n'] : 1 }, (_, index) => index);

/** A whole `chat.completion`. */
export function chatCompletion(request: Json, answer: Answer, number: number): Json {
  const calls = callsOf(answer);
  const message = {
    role: 'assistant',
    content: answer.text ?? null,
    ...(answer.thinking === undefined ? {} : { reasoning_content: answer.thinking }),
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
    refusal: answer.refusal ?? null,
    annotations: [],
  };
  return {
    ...head(request, number, 'chat.completion'),
    choices: choices(request).map((index) => ({
      index,
      message,
      logprobs: null,
      finish_reason: finishOf(answer),
    })),
    usage: openaiUsage(answer),
    ...tail,
  };
}

/** The deltas of one choice in OpenAI's order: role first, then text, then the calls one after the other. */
function* deltas(answer: Answer): Generator<Json> {
  const calls = callsOf(answer);
  const [first] = calls;
  const silent = answer.text === undefined && answer.refusal === undefined && answer.thinking === undefined;
  if (silent && calls.length === 1 && first !== undefined) {
    const opened = { ...first, index: 0, function: { name: first.function.name, arguments: '' } };
    yield { role: 'assistant', content: null, tool_calls: [opened], refusal: null };
    for (const piece of fragments(first.function.arguments)) {
      yield { tool_calls: [{ index: 0, function: { arguments: piece } }] };
    }
    return;
  }
  yield { role: 'assistant', content: silent ? null : '', refusal: null };
  for (const piece of fragments(answer.thinking ?? '')) yield { reasoning_content: piece };
  for (const piece of fragments(answer.text ?? '')) yield { content: piece };
  for (const piece of fragments(answer.refusal ?? '')) yield { refusal: piece };
  for (const [index, call] of calls.entries()) {
    yield { tool_calls: [{ ...call, index, function: { name: call.function.name, arguments: '' } }] };
    for (const piece of fragments(call.function.arguments)) {
      yield { tool_calls: [{ index, function: { arguments: piece } }] };
    }
  }
}

/** The `data:` events of a streamed completion, without `[DONE]`. */
export function* chatEvents(request: Json, answer: Answer, number: number): Generator<string> {
  const options = isObject(request['stream_options']) ? request['stream_options'] : {};
  const withUsage = options['include_usage'] === true;
  // Padding against traffic analysis: on unless the client turns it off.
  const padding = options['include_obfuscation'] === false ? {} : { obfuscation: 'xK2pQ9' };
  const chunk = (choicesNow: Json[], usage: Json | null): string =>
    `data: ${JSON.stringify({
      ...head(request, number, 'chat.completion.chunk'),
      ...tail,
      choices: choicesNow,
      ...(withUsage ? { usage } : {}),
      ...padding,
    })}\n\n`;
  for (const index of choices(request)) {
    for (const delta of deltas(answer)) {
      yield chunk([{ index, delta, logprobs: null, finish_reason: null }], null);
    }
    yield chunk([{ index, delta: {}, logprobs: null, finish_reason: finishOf(answer) }], null);
  }
  if (withUsage) yield chunk([], openaiUsage(answer));
}

export const DONE = 'data: [DONE]\n\n';
