import type { JsonObject, JsonValue } from '@headgate/sdk';
import { type Answer, Refusal } from './answer.js';
import { isObject, numberIn, stringsOf } from './fields.js';
import { openaiHeaders, openaiStreamError } from './openai-errors.js';
import { paced, whole } from './pacing.js';
import { perform } from './performance.js';
import type { Scene } from './scene.js';
import { countTokens } from './tokens.js';

/** Legacy completions: https://platform.openai.com/docs/api-reference/completions. */
export function openaiCompletions(scene: Scene): Answer {
  const prompts = promptsOf(scene.body['prompt']);
  const inputTokens = prompts.reduce((sum, prompt) => sum + prompt.tokens, 0);
  const stop = stringsOf(scene.body['stop']);
  // Sixteen is the documented default of this old endpoint, but half a sentence is no demo.
  const maxTokens = numberIn(scene.body, 'max_tokens', 0);
  const made = prompts.map((prompt) =>
    perform(
      {
        lastUserText: prompt.text,
        play: { text: prompt.text, turn: 0 },
        toolResult: null,
        tools: [],
        toolChoice: 'none',
        parallelTools: false,
        json: undefined,
        thinking: false,
        maxTokens,
        stop,
      },
      { ...scene.script, act: scene.script.act === 'reasoning' ? 'hello' : scene.script.act },
    ),
  );
  const outputTokens = made.reduce((sum, p) => sum + p.outputTokens, 0);
  const usage = {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
  };
  const common = {
    id: scene.ids.next('cmpl-', 29),
    object: 'text_completion',
    created: scene.created,
    model: scene.model,
  };
  const headers = openaiHeaders(scene.ids, 200);
  const finish = (ended: unknown): string => (ended === 'length' ? 'length' : 'stop');
  const choice = (index: number, text: string, reason: string | null): JsonObject => ({
    text,
    index,
    logprobs: null,
    finish_reason: reason,
  });

  if (scene.body['stream'] !== true) {
    const choices = made.map((p, i) => choice(i, p.text.join(''), finish(p.ended)));
    return {
      status: 200,
      headers: ['content-type', 'application/json', ...headers],
      delayMs: scene.script.delayMs,
      steps: whole(JSON.stringify({ ...common, choices, usage }), scene.script),
    };
  }
  const options = scene.body['stream_options'];
  const withUsage = isObject(options) && options['include_usage'] === true;
  const chunk = (choices: JsonObject[], tokens: JsonObject | null = null): string =>
    `data: ${JSON.stringify({ ...common, choices, ...(withUsage && { usage: tokens }) })}\n\n`;
  function* events(): Generator<string> {
    for (const [i, p] of made.entries()) {
      for (const token of p.text) yield chunk([choice(i, token, null)]);
      yield chunk([choice(i, '', finish(p.ended))]);
    }
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

/** A string, strings, tokens, or lists of tokens. */
function promptsOf(prompt: JsonValue | undefined): { text: string; tokens: number }[] {
  if (prompt === undefined)
    throw new Refusal(400, "Missing required parameter: 'prompt'.", 'prompt', 'missing_required_parameter');
  const list = Array.isArray(prompt) && typeof prompt[0] !== 'number' ? prompt : [prompt];
  return list.map((one) => {
    if (typeof one === 'string') return { text: one, tokens: countTokens(one) };
    if (Array.isArray(one) && one.every((token) => typeof token === 'number'))
      return { text: '', tokens: one.length };
    throw new Refusal(
      400,
      "Invalid type for 'prompt': expected a string or tokens.",
      'prompt',
      'invalid_type',
    );
  });
}
