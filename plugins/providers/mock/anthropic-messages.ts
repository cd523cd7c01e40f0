import type { JsonObject } from '@headgate/sdk';
import type { Answer } from './answer.js';
import { anthropicHeaders, anthropicRequestId, anthropicStreamError } from './anthropic-errors.js';
import { readMessages } from './anthropic-request.js';
import { paced, whole } from './pacing.js';
import { type Performance, perform } from './performance.js';
import type { Scene } from './scene.js';
import { tokensOf } from './tokens.js';

/** Messages: https://docs.claude.com/en/api/messages and its streaming page, whose order of events this keeps. */
export function anthropicMessages(scene: Scene): Answer {
  const { prompt, inputTokens } = readMessages(scene.body, false);
  const p = perform(prompt, scene.script);
  const headers = anthropicHeaders(anthropicRequestId(scene.ids), 200);
  const id = scene.ids.next('msg_01', 22);
  const message = (content: JsonObject[], ended: boolean, output: number): JsonObject => ({
    id,
    type: 'message',
    role: 'assistant',
    model: scene.model,
    content,
    stop_reason: ended ? stopReason(p) : null,
    stop_sequence: ended && typeof p.ended === 'object' ? p.ended.stop : null,
    stop_details: null,
    usage: { ...usageOf(inputTokens, scene.script.cached), output_tokens: output, service_tier: 'standard' },
  });

  if (scene.body['stream'] !== true) {
    const body = JSON.stringify(message(contentOf(p, scene), true, p.outputTokens));
    return {
      status: 200,
      headers: ['content-type', 'application/json', ...headers],
      delayMs: scene.script.delayMs,
      steps: whole(body, scene.script),
    };
  }
  function* events(): Generator<string> {
    yield event('message_start', { message: message([], false, 1) });
    yield event('ping', {});
    let index = 0;
    for (const block of streamedBlocks(p, scene)) {
      yield event('content_block_start', { index, content_block: block.start });
      for (const delta of block.deltas) yield event('content_block_delta', { index, delta });
      yield event('content_block_stop', { index });
      index++;
    }
    yield event('message_delta', {
      delta: { stop_reason: stopReason(p), stop_sequence: typeof p.ended === 'object' ? p.ended.stop : null },
      usage: { ...usageOf(inputTokens, scene.script.cached), output_tokens: p.outputTokens },
    });
    yield event('message_stop', {});
  }
  return {
    status: 200,
    headers: ['content-type', 'text/event-stream; charset=utf-8', 'cache-control', 'no-cache', ...headers],
    delayMs: scene.script.delayMs,
    steps: paced(events(), scene.script, anthropicStreamError),
  };
}

const event = (type: string, data: JsonObject): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;

function* streamedBlocks(
  p: Performance,
  scene: Scene,
): Generator<{ start: JsonObject; deltas: JsonObject[] }> {
  if (p.reasoning.length > 0) {
    const deltas: JsonObject[] = p.reasoning.map((thinking) => ({ type: 'thinking_delta', thinking }));
    deltas.push({ type: 'signature_delta', signature: signatureOf(scene) });
    yield { start: { type: 'thinking', thinking: '', signature: '' }, deltas };
  }
  if (p.text.length > 0)
    yield { start: { type: 'text', text: '' }, deltas: p.text.map((text) => ({ type: 'text_delta', text })) };
  for (const call of p.calls) {
    // The first piece is empty, as Anthropic's is.
    const deltas = ['', ...tokensOf(call.json)].map((json) => ({
      type: 'input_json_delta',
      partial_json: json,
    }));
    yield {
      start: { type: 'tool_use', id: scene.ids.next('toolu_01', 22), name: call.name, input: {} },
      deltas,
    };
  }
}

function contentOf(p: Performance, scene: Scene): JsonObject[] {
  const content: JsonObject[] = [];
  if (p.reasoning.length > 0)
    content.push({ type: 'thinking', thinking: p.reasoning.join(''), signature: signatureOf(scene) });
  if (p.text.length > 0) content.push({ type: 'text', text: p.text.join('') });
  for (const call of p.calls)
    content.push({
      type: 'tool_use',
      id: scene.ids.next('toolu_01', 22),
      name: call.name,
      input: JSON.parse(call.json) as JsonObject,
    });
  return content;
}

/** Opaque to everyone but Anthropic: base64 that must come back unchanged. */
const signatureOf = (scene: Scene): string => `${scene.ids.next('ErUB', 90)}==`;

function stopReason(p: Performance): string {
  if (p.refused) return 'refusal';
  if (typeof p.ended === 'object') return 'stop_sequence';
  if (p.ended === 'tools') return 'tool_use';
  return p.ended === 'length' ? 'max_tokens' : 'end_turn';
}

/** Anthropic counts uncached, written and read input apart: `input_tokens` is only the first of them. */
function usageOf(input: number, cached: boolean): JsonObject {
  const read = cached ? input >> 1 : 0;
  return {
    input_tokens: input - read,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: read,
    cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
  };
}
