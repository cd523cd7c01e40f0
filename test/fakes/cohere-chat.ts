import { type Answer, fragments, tokensOf } from './answer.js';
import type { Json } from './json-value.js';

/** Cohere's `usage`: what is billed, and what went through the model with the words that Cohere adds. */
function cohereUsage(answer: Answer): Json {
  const { input, output, cacheRead } = tokensOf(answer);
  return {
    billed_units: { input_tokens: input, output_tokens: output },
    tokens: { input_tokens: input + 496, output_tokens: output },
    ...(cacheRead > 0 && { cached_tokens: cacheRead }),
  };
}

const finishOf = (answer: Answer): string => answer.finish ?? (answer.toolCalls ? 'TOOL_CALL' : 'COMPLETE');
/** Not the names that other providers give their calls. */
const callId = (answer: Answer, index: number): string => {
  const call = answer.toolCalls?.[index];
  return call?.id ?? `${call?.name}_fake${index}`;
};
const replyId = (number: number): string => `c14c80c3-18eb-4519-9460-${String(number).padStart(12, '0')}`;

/** Before a call the model speaks of its plan, not to the user. */
function saying(answer: Answer): { plan: string | undefined; text: string | undefined } {
  const text = answer.text ?? answer.refusal;
  return answer.toolCalls ? { plan: text, text: undefined } : { plan: undefined, text };
}

export function chatAnswer(answer: Answer, number: number): Json {
  const { plan, text } = saying(answer);
  const content: Json[] = [];
  if (answer.thinking !== undefined) content.push({ type: 'thinking', thinking: answer.thinking });
  if (text !== undefined) content.push({ type: 'text', text });
  const message: Json = { role: 'assistant' };
  if (plan !== undefined) message['tool_plan'] = plan;
  if (answer.toolCalls) {
    message['tool_calls'] = answer.toolCalls.map((call, i) => ({
      id: callId(answer, i),
      type: 'function',
      function: { name: call.name, arguments: call.arguments },
    }));
  }
  if (content.length > 0) message['content'] = content;
  return { id: replyId(number), message, finish_reason: finishOf(answer), usage: cohereUsage(answer) };
}

function cohereEvent(type: string, more: Json = {}): string {
  const { id, ...rest } = more;
  const event = { ...(id !== undefined && { id }), type, ...rest };
  return `event: ${type}\ndata: ${JSON.stringify(event)}\n\n`;
}
const said = (message: Json): Json => ({ delta: { message } });

function* contentEvents(kind: 'text' | 'thinking', text: string, index: number): Generator<string> {
  yield cohereEvent('content-start', { index, ...said({ content: { type: kind, [kind]: '' } }) });
  for (const piece of fragments(text))
    yield cohereEvent('content-delta', { index, ...said({ content: { [kind]: piece } }) });
  yield cohereEvent('content-end', { index });
}

/** The events of a streamed answer with its `message-end`. */
export function* chatAnswerEvents(answer: Answer, number: number): Generator<string> {
  const { plan, text } = saying(answer);
  yield cohereEvent('message-start', {
    id: replyId(number),
    ...said({ role: 'assistant', content: [], tool_plan: '', tool_calls: [], citations: [] }),
  });
  let index = 0;
  if (answer.thinking !== undefined) yield* contentEvents('thinking', answer.thinking, index++);
  for (const piece of fragments(plan ?? '')) yield cohereEvent('tool-plan-delta', said({ tool_plan: piece }));
  for (const [i, call] of (answer.toolCalls ?? []).entries()) {
    const start = { id: callId(answer, i), type: 'function', function: { name: call.name, arguments: '' } };
    yield cohereEvent('tool-call-start', { index: i, ...said({ tool_calls: start }) });
    for (const piece of fragments(call.arguments)) {
      const tool_calls = { function: { arguments: piece } };
      yield cohereEvent('tool-call-delta', { index: i, ...said({ tool_calls }) });
    }
    yield cohereEvent('tool-call-end', { index: i });
  }
  if (text !== undefined) yield* contentEvents('text', text, index);
  yield cohereEvent('message-end', {
    delta: { finish_reason: finishOf(answer), usage: cohereUsage(answer) },
  });
}

/** How Cohere ends a stream that broke: HTTP has said 200 already. */
export const cohereErrorEvent = (more: Json): string =>
  cohereEvent('message-end', {
    delta: { error: more['message'] ?? 'internal server error', finish_reason: 'ERROR' },
  });

export const COHERE_DONE = 'data: [DONE]\n\n';
