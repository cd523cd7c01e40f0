import { type Answer, fragments, tokensOf } from './answer.js';
import { awsEvent, awsException } from './aws-message.js';
import type { Json } from './json-value.js';

/** AWS's `usage`: what the cache gave and took stands apart from the input. */
function bedrockUsage(answer: Answer): Json {
  const { input, output, cacheRead, cacheWrite } = tokensOf(answer);
  return {
    inputTokens: input - cacheRead - cacheWrite,
    outputTokens: output,
    totalTokens: input + output,
    cacheReadInputTokens: cacheRead,
    cacheWriteInputTokens: cacheWrite,
  };
}

const stopOf = (answer: Answer): string => answer.finish ?? (answer.toolCalls ? 'tool_use' : 'end_turn');

function parsed(text: string): unknown {
  try {
    return JSON.parse(text === '' ? '{}' : text);
  } catch {
    return {};
  }
}

const toolUseId = (answer: Answer, index: number): string =>
  answer.toolCalls?.[index]?.id ?? `tooluse_fake${index}`;
const SIGNATURE = 'ErUBfakeSignature==';

function content(answer: Answer): Json[] {
  const blocks: Json[] = [];
  if (answer.thinking !== undefined) {
    const reasoningText = { text: answer.thinking, signature: answer.signature ?? SIGNATURE };
    blocks.push({ reasoningContent: { reasoningText } });
  }
  if (answer.redacted !== undefined) blocks.push({ reasoningContent: { redactedContent: answer.redacted } });
  if (answer.text !== undefined) blocks.push({ text: answer.text });
  for (const [i, call] of (answer.toolCalls ?? []).entries())
    blocks.push({
      toolUse: { toolUseId: toolUseId(answer, i), name: call.name, input: parsed(call.arguments) },
    });
  return blocks;
}

export function converseAnswer(answer: Answer): Json {
  return {
    metrics: { latencyMs: 551 },
    output: { message: { content: content(answer), role: 'assistant' } },
    stopReason: stopOf(answer),
    usage: bedrockUsage(answer),
  };
}

/** Letters that make all events alike in length, so that nobody can tell the text from its size. */
const padding = (index: number): string => 'abcdefghijklmnopqrstuvwxyz'.slice(0, 3 + ((index * 7) % 20));

const delta = (contentBlockIndex: number, value: Json, i: number): Buffer =>
  awsEvent('contentBlockDelta', { contentBlockIndex, delta: value, p: padding(i) });

/** Deltas of one block, and its start where it has one: only calls do. */
function* blockEvents(answer: Answer, block: Json, index: number, call: number): Generator<Buffer> {
  let i = 0;
  if ('toolUse' in block) {
    const { name, arguments: text } = answer.toolCalls?.[call] ?? { name: '', arguments: '' };
    const start = { toolUse: { name, toolUseId: toolUseId(answer, call) } };
    yield awsEvent('contentBlockStart', { contentBlockIndex: index, p: padding(i++), start });
    for (const input of fragments(text)) yield delta(index, { toolUse: { input } }, i++);
  } else if ('text' in block) {
    for (const text of fragments(answer.text ?? '')) yield delta(index, { text }, i++);
  } else if (JSON.stringify(block).includes('redactedContent')) {
    yield delta(index, block, i++);
  } else {
    for (const text of fragments(answer.thinking ?? ''))
      yield delta(index, { reasoningContent: { text } }, i++);
    yield delta(index, { reasoningContent: { signature: answer.signature ?? SIGNATURE } }, i++);
  }
  yield awsEvent('contentBlockStop', { contentBlockIndex: index, p: padding(i) });
}

/** The messages of a streamed answer; usage comes last, after the stop reason. */
export function* converseEvents(answer: Answer): Generator<Buffer> {
  yield awsEvent('messageStart', { p: padding(1), role: 'assistant' });
  let call = 0;
  for (const [index, block] of content(answer).entries()) {
    yield* blockEvents(answer, block, index, call);
    if ('toolUse' in block) call += 1;
  }
  yield awsEvent('messageStop', { p: padding(2), stopReason: stopOf(answer) });
  yield awsEvent('metadata', { metrics: { latencyMs: 551 }, p: padding(3), usage: bedrockUsage(answer) });
}

/** An exception in the middle of a stream, after HTTP has said 200. */
export const converseException = (more: Json): Buffer =>
  awsException('modelStreamErrorException', {
    message: 'The model stopped in the middle of its answer. Try again.',
    ...more,
  });
