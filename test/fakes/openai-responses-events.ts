import { type Answer, fragments } from './answer.js';
import { isObject, type Json, listOf } from './json-value.js';
import { lastEvent, outputItems, responseObject } from './openai-responses.js';

type Write = (type: string, more: Json) => string;

const opened = (item: Json): Json => {
  if (item['type'] === 'message') return { ...item, status: 'in_progress', content: [] };
  if (item['type'] === 'reasoning') return { id: item['id'], type: 'reasoning', summary: [] };
  return { ...item, status: 'in_progress', arguments: '' };
};

/** Deltas carry padding against traffic analysis. */
const padded = { obfuscation: 'xK2pQ9' };

function* messageEvents(write: Write, item: Json, at: Json): Generator<string> {
  for (const [content_index, part] of listOf(item['content']).entries()) {
    if (!isObject(part)) continue;
    const here = { item_id: item['id'], ...at, content_index };
    const refusal = part['type'] === 'refusal';
    const field = refusal ? 'refusal' : 'text';
    const name = refusal ? 'response.refusal' : 'response.output_text';
    const logprobs = refusal ? {} : { logprobs: [] };
    yield write('response.content_part.added', { ...here, part: { ...part, [field]: '' } });
    for (const delta of fragments(String(part[field])))
      yield write(`${name}.delta`, { ...here, delta, ...logprobs, ...padded });
    yield write(`${name}.done`, { ...here, [field]: part[field], ...logprobs });
    yield write('response.content_part.done', { ...here, part });
  }
}

function* reasoningEvents(write: Write, item: Json, at: Json): Generator<string> {
  for (const [summary_index, part] of listOf(item['summary']).entries()) {
    if (!isObject(part)) continue;
    const here = { item_id: item['id'], ...at, summary_index };
    const name = 'response.reasoning_summary';
    yield write(`${name}_part.added`, { ...here, part: { ...part, text: '' } });
    for (const delta of fragments(String(part['text'])))
      yield write(`${name}_text.delta`, { ...here, delta, ...padded });
    yield write(`${name}_text.done`, { ...here, text: part['text'] });
    yield write(`${name}_part.done`, { ...here, part });
  }
}

function* callEvents(write: Write, item: Json, at: Json): Generator<string> {
  const here = { item_id: item['id'], ...at };
  const name = 'response.function_call_arguments';
  for (const delta of fragments(String(item['arguments'])))
    yield write(`${name}.delta`, { ...here, delta, ...padded });
  yield write(`${name}.done`, { ...here, arguments: item['arguments'], name: item['name'] });
}

const within: Record<string, typeof callEvents> = {
  message: messageEvents,
  reasoning: reasoningEvents,
  function_call: callEvents,
};

/** The events of a streamed response; the last one ends it, and no `[DONE]` follows. */
export function* responseEvents(request: Json, answer: Answer, number: number): Generator<string> {
  let sequence_number = 0;
  const write: Write = (type, more) => {
    const text = `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number, ...more })}\n\n`;
    sequence_number += 1;
    return text;
  };
  const snapshot = responseObject(request, answer, number, true);
  yield write('response.created', { response: snapshot });
  yield write('response.in_progress', { response: snapshot });
  for (const [output_index, item] of outputItems(answer, number).entries()) {
    const at = { output_index };
    yield write('response.output_item.added', { ...at, item: opened(item) });
    yield* within[String(item['type'])]?.(write, item, at) ?? [];
    yield write('response.output_item.done', { ...at, item });
  }
  yield write(lastEvent(answer), { response: responseObject(request, answer, number) });
}

/** An error in the middle of a stream, as OpenAI's servers write it. */
export const responseErrorEvent = (error: Json): string =>
  `event: error\ndata: ${JSON.stringify({ type: 'error', sequence_number: 99, ...error })}\n\n`;
