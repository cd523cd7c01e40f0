import { type Answer, fragments, tokensOf } from './answer.js';
import type { Json } from './json-value.js';

/** `chat` puts what is said into `message`, `generate` beside the rest. */
export type OllamaKind = 'chat' | 'generate';

function wrapped(kind: OllamaKind, text: string, more: Json = {}): Json {
  return kind === 'chat'
    ? { message: { role: 'assistant', content: text, ...more } }
    : { response: text, ...more };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text === '' ? '{}' : text);
  } catch {
    return {};
  }
}

/** Calls as Ollama writes them: the arguments are an object, never text. */
const calls = (answer: Answer): Json[] =>
  (answer.toolCalls ?? []).map((call, index) => ({
    id: call.id ?? `call_fake${index}`,
    function: { index, name: call.name, arguments: parsed(call.arguments) },
  }));

/** Beginning of every object; the time has nanoseconds, which only Go writes. */
const head = (model: unknown): Json => ({ model, created_at: '2026-03-01T08:15:30.123456789Z' });

/** The end of an answer: durations are nanoseconds. */
function tail(kind: OllamaKind, answer: Answer): Json {
  const { input, output } = tokensOf(answer);
  return {
    done: true,
    done_reason: answer.finish ?? 'stop',
    ...(kind === 'generate' && { context: [1, 2, 3] }),
    total_duration: 4_883_583_458,
    load_duration: 1_334_875,
    prompt_eval_count: input,
    prompt_eval_duration: 342_546_000,
    eval_count: output,
    eval_duration: 4_535_599_000,
  };
}

export function ollamaAnswer(kind: OllamaKind, model: unknown, answer: Answer): Json {
  const more: Json = {};
  if (answer.thinking !== undefined) more['thinking'] = answer.thinking;
  if (kind === 'chat' && answer.toolCalls) more['tool_calls'] = calls(answer);
  return { ...head(model), ...wrapped(kind, answer.text ?? '', more), ...tail(kind, answer) };
}

/** The lines of a streamed answer; a call comes whole, in a line of its own. */
export function* ollamaLines(kind: OllamaKind, model: unknown, answer: Answer): Generator<string> {
  const line = (said: Json, rest: Json = { done: false }): string =>
    `${JSON.stringify({ ...head(model), ...said, ...rest })}\n`;
  for (const thinking of fragments(answer.thinking ?? '')) yield line(wrapped(kind, '', { thinking }));
  for (const text of fragments(answer.text ?? '')) yield line(wrapped(kind, text));
  if (kind === 'chat')
    for (const call of calls(answer)) yield line(wrapped(kind, '', { tool_calls: [call] }));
  yield line(wrapped(kind, ''), tail(kind, answer));
}
