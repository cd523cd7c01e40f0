import { type Answer, fragments, tokensOf } from './answer.js';
import type { Json } from './json-value.js';

/** Anthropic's `usage`: the three parts of the input stand apart. */
function anthropicUsage(answer: Answer): Json {
  const tokens = tokensOf(answer);
  return {
    input_tokens: tokens.input - tokens.cacheRead - tokens.cacheWrite,
    cache_creation_input_tokens: tokens.cacheWrite,
    cache_read_input_tokens: tokens.cacheRead,
    cache_creation: { ephemeral_5m_input_tokens: tokens.cacheWrite, ephemeral_1h_input_tokens: 0 },
    output_tokens: tokens.output,
    service_tier: 'standard',
  };
}

const stopOf = (answer: Answer): string => answer.finish ?? (answer.toolCalls ? 'tool_use' : 'end_turn');

/** Arguments that are no JSON cannot be said outside a stream: there `input` is an object. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text === '' ? '{}' : text);
  } catch {
    return {};
  }
}

/** The content blocks, as they stand in a whole message. */
function blocks(answer: Answer): Json[] {
  const found: Json[] = [];
  if (answer.thinking !== undefined) {
    found.push({
      type: 'thinking',
      thinking: answer.thinking,
      signature: answer.signature ?? 'ErUBfakeSignature==',
    });
  }
  if (answer.redacted !== undefined) found.push({ type: 'redacted_thinking', data: answer.redacted });
  if (answer.text !== undefined) found.push({ type: 'text', text: answer.text });
  for (const [index, call] of (answer.toolCalls ?? []).entries()) {
    found.push({
      type: 'tool_use',
      id: call.id ?? `toolu_fake${index}`,
      name: call.name,
      input: parsed(call.arguments),
    });
  }
  return found;
}

const shell = (request: Json, number: number): Json => ({
  id: `msg_fake${number}`,
  type: 'message',
  role: 'assistant',
  model: request['model'],
});

export function message(request: Json, answer: Answer, number: number): Json {
  return {
    ...shell(request, number),
    content: blocks(answer),
    stop_reason: stopOf(answer),
    stop_sequence: null,
    usage: anthropicUsage(answer),
  };
}

export const anthropicEvent = (type: string, more: Json = {}): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;

/** Start and deltas of one block. */
function* blockEvents(block: Json, index: number, answer: Answer): Generator<string> {
  const start = (content_block: Json): string =>
    anthropicEvent('content_block_start', { index, content_block });
  const delta = (value: Json): string => anthropicEvent('content_block_delta', { index, delta: value });
  switch (block['type']) {
    case 'thinking':
      yield start({ type: 'thinking', thinking: '', signature: '' });
      for (const thinking of fragments(answer.thinking ?? ''))
        yield delta({ type: 'thinking_delta', thinking });
      yield delta({ type: 'signature_delta', signature: block['signature'] });
      break;
    case 'text':
      yield start({ type: 'text', text: '' });
      for (const text of fragments(answer.text ?? '')) yield delta({ type: 'text_delta', text });
      break;
    case 'tool_use': {
      yield start({ ...block, input: {} });
      const call = answer.toolCalls?.find((each, i) => (each.id ?? `toolu_fake${i}`) === block['id']);
      yield delta({ type: 'input_json_delta', partial_json: '' });
      for (const partial_json of fragments(call?.arguments ?? ''))
        yield delta({ type: 'input_json_delta', partial_json });
      break;
    }
    default:
      yield start(block);
  }
  yield anthropicEvent('content_block_stop', { index });
}

/** The events of a streamed message up to, not with, `message_stop`. */
export function* messageEvents(request: Json, answer: Answer, number: number): Generator<string> {
  const usage = anthropicUsage(answer);
  yield anthropicEvent('message_start', {
    message: {
      ...shell(request, number),
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { ...usage, output_tokens: 1 },
    },
  });
  for (const [index, block] of blocks(answer).entries()) {
    let first = true;
    for (const event of blockEvents(block, index, answer)) {
      yield event;
      if (index === 0 && first) yield anthropicEvent('ping');
      first = false;
    }
  }
  yield anthropicEvent('message_delta', {
    delta: { stop_reason: stopOf(answer), stop_sequence: null },
    usage: {
      input_tokens: usage['input_tokens'],
      cache_creation_input_tokens: usage['cache_creation_input_tokens'],
      cache_read_input_tokens: usage['cache_read_input_tokens'],
      output_tokens: usage['output_tokens'],
    },
  });
}

export const MESSAGE_STOP = anthropicEvent('message_stop');
