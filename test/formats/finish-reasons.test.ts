import {
  type CanonicalResponse,
  emptyUsage,
  foldEvents,
  type JsonObject,
  unfoldResponse,
} from '@headgate/sdk';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { decodeStream, encodeStream, type FormatId, format, MATRIX, piecesOf, written } from './harness.js';

/** Every reason that each API documents, as its providers write it. */
const reasons: Record<FormatId, string[]> = {
  'openai-chat': ['stop', 'length', 'tool_calls', 'content_filter', 'function_call'],
  'openai-completions': ['stop', 'length', 'content_filter'],
  'openai-responses': ['completed', 'max_output_tokens', 'content_filter', 'incomplete', 'cancelled'],
  'anthropic-messages': [
    'end_turn',
    'max_tokens',
    'stop_sequence',
    'tool_use',
    'pause_turn',
    'refusal',
    'model_context_window_exceeded',
  ],
  gemini: [
    'STOP',
    'MAX_TOKENS',
    'SAFETY',
    'RECITATION',
    'LANGUAGE',
    'OTHER',
    'BLOCKLIST',
    'PROHIBITED_CONTENT',
    'SPII',
    'MALFORMED_FUNCTION_CALL',
    'UNEXPECTED_TOOL_CALL',
    'TOO_MANY_TOOL_CALLS',
    'IMAGE_SAFETY',
    'IMAGE_PROHIBITED_CONTENT',
    'NO_IMAGE',
  ],
  'bedrock-converse': [
    'end_turn',
    'tool_use',
    'max_tokens',
    'stop_sequence',
    'guardrail_intervened',
    'content_filtered',
    'malformed_model_output',
    'malformed_tool_use',
    'model_context_window_exceeded',
  ],
  'cohere-chat': ['COMPLETE', 'STOP_SEQUENCE', 'MAX_TOKENS', 'TOOL_CALL', 'ERROR', 'TIMEOUT'],
  'ollama-chat': ['stop', 'length', 'load', 'unload'],
  'ollama-generate': ['stop', 'length', 'load', 'unload'],
};

/** Where each API has it. */
const places: Record<FormatId, string[]> = {
  'openai-chat': ['choices', '0', 'finish_reason'],
  'openai-completions': ['choices', '0', 'finish_reason'],
  'openai-responses': ['incomplete_details', 'reason'],
  'anthropic-messages': ['stop_reason'],
  gemini: ['candidates', '0', 'finishReason'],
  'bedrock-converse': ['stopReason'],
  'cohere-chat': ['finish_reason'],
  'ollama-chat': ['done_reason'],
  'ollama-generate': ['done_reason'],
};

type Open = Record<string, unknown>;

function answerOf(id: FormatId, reason: string): JsonObject {
  const calls = /tool|function/i.test(reason);
  const plain: CanonicalResponse = {
    origin: 'elsewhere',
    id: 'id_1',
    model: 'm',
    created: 1_700_000_000,
    choices: [
      {
        index: 0,
        parts: [
          { type: 'text', text: 'Hi' },
          ...(calls ? [{ type: 'tool-call' as const, id: 'call_1', name: 'f', arguments: '{}' }] : []),
        ],
        finish: calls ? 'tool-calls' : 'stop',
      },
    ],
    usage: { ...emptyUsage(), inputTokens: 3, outputTokens: 2 },
  };
  const body = written(id, plain) as Open;
  if (id === 'openai-responses') {
    // An answer that was cancelled, or that is incomplete for no given reason, has its status alone.
    if (reason === 'incomplete' || reason === 'cancelled') body['status'] = reason;
    else if (reason !== 'completed')
      Object.assign(body, { status: 'incomplete', incomplete_details: { reason } });
    return body as JsonObject;
  }
  const path = places[id];
  const parent = path.slice(0, -1).reduce((at, name) => at[name] as Open, body);
  parent[path.at(-1) ?? ''] = reason;
  if (id === 'anthropic-messages' && reason === 'stop_sequence') body['stop_sequence'] = 'END';
  return body as JsonObject;
}

function reasonIn(id: FormatId, body: JsonObject): string {
  let at: unknown = body;
  for (const name of places[id]) at = (at as Open | null | undefined)?.[name];
  return String(at ?? (id === 'openai-responses' ? body['status'] : at));
}

beforeAll(() => void vi.useFakeTimers({ now: 1_700_000_000_000 }));
afterAll(() => void vi.useRealTimers());

describe.each(MATRIX)('the reasons of %s for an end', (from) => {
  it.each(reasons[from])('%s means the same whole and streamed', (reason) => {
    const whole = format(from).response!.decode(answerOf(from, reason));
    expect(whole.choices[0]?.finish).not.toBeNull();
    // Its own word comes back to clients of the same API.
    expect(reasonIn(from, written(from, whole))).toBe(reason);
    const streamed = foldEvents(
      decodeStream(from, piecesOf(from, encodeStream(from, unfoldResponse(whole)))),
    );
    expect(streamed.choices[0]?.finish).toBe(whole.choices[0]?.finish);
    expect(reasonIn(from, written(from, streamed))).toBe(reason);
  });
});

/** An answer that had failed, and did not say why, was told to clients as one that had ended well. */
describe('an answer of OpenAI that failed', () => {
  const failed = (error: JsonObject | null): JsonObject => ({
    ...answerOf('openai-responses', 'completed'),
    status: 'failed',
    error,
  });
  const errors = [null, { code: 'server_error', message: 'The model failed.' }];

  it('is no answer when it comes whole', () => {
    for (const error of errors)
      expect(() => format('openai-responses').response!.decode(failed(error))).toThrow('the provider failed');
  });

  it.each(MATRIX)('ends a stream to clients of %s with an error', (to) => {
    for (const error of errors)
      for (const type of ['response.failed', 'response.completed']) {
        const pieces = [
          { type: 'response.created', response: { ...failed(null), status: 'in_progress', output: [] } },
          { type, response: failed(error) },
        ].map((event) => JSON.stringify(event));
        const events = decodeStream('openai-responses', pieces);
        expect(events.map((event) => event.type)).toEqual(['start', 'error']);
        const told = decodeStream(to, piecesOf(to, encodeStream(to, events)));
        expect(told.map((event) => event.type)).toContain('error');
        expect(told.map((event) => event.type)).not.toContain('finish');
      }
  });
});

it('what clients of every API are told is in the table', async () => {
  const lines = MATRIX.flatMap((from) =>
    reasons[from].map((reason) => {
      const decoded = format(from).response!.decode(answerOf(from, reason));
      const told = MATRIX.filter((to) => to !== from).map((to) => {
        const whole = written(to, decoded);
        const again = format(to).response!.decode(structuredClone(whole));
        const streamed = foldEvents(
          decodeStream(to, piecesOf(to, encodeStream(to, unfoldResponse(decoded)))),
        );
        expect(streamed.choices[0]?.finish, `${from} ${reason} streamed to ${to}`).toBe(
          again.choices[0]?.finish,
        );
        return `${to}: ${reasonIn(to, whole)}`;
      });
      return `${from} ${reason} (${decoded.choices[0]?.finish})\n  ${told.join(', ')}\n`;
    }),
  );
  await expect(lines.join('')).toMatchFileSnapshot('./golden/finish-reasons.txt');
});
