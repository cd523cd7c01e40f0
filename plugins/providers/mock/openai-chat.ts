import type { JsonObject } from '@headgate/sdk';
import type { Answer } from './answer.js';
import { isObject } from './fields.js';
import { readChat } from './openai-chat-request.js';
import { openaiHeaders, openaiStreamError } from './openai-errors.js';
import { paced, whole } from './pacing.js';
import { type Performance, perform } from './performance.js';
import type { Scene } from './scene.js';
import { tokensOf } from './tokens.js';

/** Chat completions: https://platform.openai.com/docs/api-reference/chat and its streaming page. */
export function openaiChat(scene: Scene): Answer {
  const { prompt, inputTokens, choices } = readChat(scene.body);
  const performance = perform(prompt, scene.script);
  const id = scene.ids.next('chatcmpl-', 29);
  const usage = usageOf(performance, inputTokens, choices, scene.script.cached);
  const common = {
    created: scene.created,
    model: scene.model,
    service_tier: 'default',
    system_fingerprint: 'fp_mock',
  };
  const headers = openaiHeaders(scene.ids, 200);

  if (scene.body['stream'] !== true) {
    const made = Array.from({ length: choices }, (_, index) => choiceOf(performance, index, scene));
    const body = JSON.stringify({ id, object: 'chat.completion', ...common, choices: made, usage });
    const whole_ = whole(body, scene.script);
    return {
      status: 200,
      headers: ['content-type', 'application/json', ...headers],
      delayMs: scene.script.delayMs,
      steps: whole_,
    };
  }
  const options = scene.body['stream_options'];
  const withUsage = isObject(options) && options['include_usage'] === true;
  const chunk = (made: JsonObject[], tokens?: JsonObject): string =>
    `data: ${JSON.stringify({ id, object: 'chat.completion.chunk', ...common, choices: made, ...(withUsage && { usage: tokens ?? null }) })}\n\n`;
  function* events(): Generator<string> {
    for (let index = 0; index < choices; index++) yield* deltas(performance, index, scene, chunk);
    if (withUsage) yield chunk([], usage);
    yield 'data: [DONE]\n\n';
  }
  return {
    status: 200,
    headers: ['content-type', 'text/event-stream; charset=utf-8', 'cache-control', 'no-cache', ...headers],
    delayMs: scene.script.delayMs,
    steps: paced(events(), scene.script, openaiStreamError),
  };
}

function* deltas(
  p: Performance,
  index: number,
  scene: Scene,
  chunk: (choices: JsonObject[]) => string,
): Generator<string> {
  const one = (delta: JsonObject, finish: string | null = null): string =>
    chunk([{ index, delta, logprobs: null, finish_reason: finish }]);
  yield one(
    p.calls.length > 0
      ? { role: 'assistant', content: null }
      : { role: 'assistant', content: '', refusal: null },
  );
  // What DeepSeek, vLLM and others call it; OpenAI itself keeps its reasoning.
  for (const token of p.reasoning) yield one({ reasoning_content: token });
  for (const token of p.text) yield one(p.refused ? { refusal: token } : { content: token });
  for (const [at, call] of p.calls.entries()) {
    const id = scene.ids.next('call_', 24);
    yield one({
      tool_calls: [{ index: at, id, type: 'function', function: { name: call.name, arguments: '' } }],
    });
    for (const token of tokensOf(call.json))
      yield one({ tool_calls: [{ index: at, function: { arguments: token } }] });
  }
  yield one({}, finishReason(p));
}

function choiceOf(p: Performance, index: number, scene: Scene): JsonObject {
  const said = p.calls.length > 0 ? null : p.text.join('');
  const message: JsonObject = {
    role: 'assistant',
    content: p.refused ? null : said,
    refusal: p.refused ? said : null,
    annotations: [],
  };
  if (p.reasoning.length > 0) message['reasoning_content'] = p.reasoning.join('');
  if (p.calls.length > 0)
    message['tool_calls'] = p.calls.map((call) => ({
      id: scene.ids.next('call_', 24),
      type: 'function',
      function: { name: call.name, arguments: call.json },
    }));
  return { index, message, logprobs: null, finish_reason: finishReason(p) };
}

function finishReason(p: Performance): string {
  if (p.ended === 'tools') return 'tool_calls';
  return p.ended === 'length' ? 'length' : 'stop';
}

function usageOf(p: Performance, input: number, choices: number, cached: boolean): JsonObject {
  const output = p.outputTokens * choices;
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: cached ? input >> 1 : 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: p.reasoning.length * choices,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}
