import type { JsonObject } from '@headgate/sdk';
import { describe, expect, it } from 'vitest';
import { decodeStream, encodeStream, sseData, translate, translateAnswer } from '../harness.js';

/** Answers go to a client of another format and come back with its next request, as clients keep them. */

const MODEL = { model: 'gemini-3-pro-preview' };
const answer: JsonObject = {
  candidates: [
    {
      content: {
        role: 'model',
        parts: [
          { text: 'Two calls.', thought: true },
          { text: 'Looking.' },
          { functionCall: { name: 'weather', args: { city: 'Paris' } }, thoughtSignature: 'c2lnbmF0dXJl' },
          { functionCall: { name: 'weather', args: { city: 'London' } } },
        ],
      },
      finishReason: 'STOP',
    },
  ],
  responseId: 'r',
  modelVersion: 'gemini-3-pro-preview',
};

function openaiTurn(message: JsonObject): JsonObject {
  const calls = message['tool_calls'] as { id: string }[];
  return {
    model: 'm',
    messages: [
      { role: 'user', content: 'Weather?' },
      message,
      ...calls.map((call) => ({ role: 'tool', tool_call_id: call.id, content: call.id })),
    ],
  } as unknown as JsonObject;
}

function modelParts(body: JsonObject): JsonObject[] {
  const contents = body['contents'] as { role: string; parts: JsonObject[] }[];
  return contents.filter((one) => one.role === 'model').flatMap((one) => one.parts);
}

describe('the signature of a Gemini call', () => {
  it('comes back on the same call through an OpenAI client', () => {
    const body = translateAnswer('gemini', 'openai-chat', answer);
    const message = (body['choices'] as { message: JsonObject }[])[0]!.message;
    const { body: next, warnings } = translate('openai-chat', 'gemini', openaiTurn(message), MODEL);
    expect(warnings).toEqual([]);
    expect(modelParts(next)).toEqual([
      { text: 'Two calls.', thought: true },
      { text: 'Looking.' },
      { functionCall: { name: 'weather', args: { city: 'Paris' } }, thoughtSignature: 'c2lnbmF0dXJl' },
      { functionCall: { name: 'weather', args: { city: 'London' } } },
    ]);
  });

  it('comes back on the same call through an Anthropic client, whole and streamed', () => {
    const whole = translateAnswer('gemini', 'anthropic-messages', answer)['content'] as JsonObject[];
    const events = sseData(
      encodeStream('anthropic-messages', decodeStream('gemini', [JSON.stringify(answer)])),
    ).map((data) => JSON.parse(data) as JsonObject);
    const streamed = events.flatMap((event): JsonObject[] => {
      if (event['type'] !== 'content_block_start') return [];
      const block = { ...(event['content_block'] as JsonObject) };
      for (const other of events) {
        const delta = other['delta'] as JsonObject | undefined;
        if (other['type'] !== 'content_block_delta' || other['index'] !== event['index']) continue;
        if (delta?.['type'] === 'text_delta') block['text'] = String(block['text']) + String(delta['text']);
        if (delta?.['type'] === 'thinking_delta')
          block['thinking'] = String(block['thinking']) + String(delta['thinking']);
        if (delta?.['type'] === 'input_json_delta')
          block['input'] = JSON.parse(String(delta['partial_json']));
      }
      return [block];
    });
    expect(streamed).toEqual(whole);
    for (const content of [whole, streamed]) {
      const results = content
        .filter((block) => block['type'] === 'tool_use')
        .map((block) => ({ type: 'tool_result', tool_use_id: block['id'], content: 'sunny' }));
      const request = {
        model: 'm',
        max_tokens: 10,
        messages: [
          { role: 'user', content: 'Weather?' },
          { role: 'assistant', content },
          { role: 'user', content: results },
        ],
      } as unknown as JsonObject;
      const { body: next, warnings } = translate('anthropic-messages', 'gemini', request, MODEL);
      expect(warnings).toEqual([]);
      expect(modelParts(next)).toEqual([
        { text: 'Two calls.', thought: true },
        { text: 'Looking.' },
        { functionCall: { name: 'weather', args: { city: 'Paris' } }, thoughtSignature: 'c2lnbmF0dXJl' },
        { functionCall: { name: 'weather', args: { city: 'London' } } },
      ]);
    }
  });

  it('is replaced by Google’s own word where the client lost it, in the current turn only', () => {
    const call = (id: string) => ({
      role: 'assistant',
      content: null,
      tool_calls: [{ id, type: 'function', function: { name: 'f', arguments: '{}' } }],
    });
    const result = (id: string) => ({ role: 'tool', tool_call_id: id, content: 'ok' });
    const messages = [
      { role: 'user', content: 'a' },
      call('1'),
      result('1'),
      { role: 'user', content: 'b' },
      call('2'),
      result('2'),
      call('3'),
      result('3'),
    ];
    const request = { model: 'm', messages } as unknown as JsonObject;
    const signatures = (model: string) =>
      modelParts(translate('openai-chat', 'gemini', request, { model }).body).map(
        (part) => part['thoughtSignature'],
      );
    const dummy = 'skip_thought_signature_validator';
    expect(signatures('gemini-3-flash-preview')).toEqual([undefined, dummy, dummy]);
    expect(signatures('gemini-flash-latest')).toEqual([undefined, dummy, dummy]);
    expect(signatures('gemini-2.5-pro')).toEqual([undefined, undefined, undefined]);
    expect(translate('openai-chat', 'gemini', request, MODEL).warnings.join()).toContain('reasoning');
  });

  it('is read where Google’s OpenAI-compatible API hangs it, and where OpenRouter names its format', () => {
    const call = { id: '1', type: 'function', function: { name: 'f', arguments: '{}' } };
    const compat = {
      role: 'assistant',
      tool_calls: [{ ...call, extra_content: { google: { thought_signature: 'AAEC' } } }],
    };
    const router = {
      role: 'assistant',
      reasoning_details: [
        { type: 'reasoning.encrypted', data: 'AAEC', format: 'google-gemini-v1', index: 0 },
      ],
      tool_calls: [call],
    };
    for (const message of [compat, router])
      expect(
        modelParts(
          translate('openai-chat', 'gemini', openaiTurn(message as unknown as JsonObject), MODEL).body,
        ),
      ).toEqual([{ functionCall: { name: 'f', args: {} }, thoughtSignature: 'AAEC' }]);
  });

  it('is not sent to another provider', () => {
    const history = {
      contents: [
        { role: 'user', parts: [{ text: 'a' }] },
        (answer['candidates'] as JsonObject[])[0]!['content']!,
      ],
    };
    for (const other of ['openai-chat', 'anthropic-messages']) {
      const { body, warnings } = translate('gemini', other, history as JsonObject, {
        model: 'claude-sonnet-4-5',
      });
      expect(JSON.stringify(body)).not.toContain('c2lnbmF0dXJl');
      expect(warnings.some((one) => one.startsWith('reasoning:'))).toBe(true);
    }
  });
});

describe('reasoning that another provider signed', () => {
  const claude: JsonObject = {
    id: 'msg',
    type: 'message',
    role: 'assistant',
    model: 'claude-sonnet-4-5',
    content: [
      { type: 'thinking', thinking: 'Let me think. Hard.', signature: 'EqQBCgIYAhIM1gbcDa9GJwZA' },
      { type: 'redacted_thinking', data: 'EmwKAhgBEgy3va3pzix/LafPsn4a' },
      { type: 'tool_use', id: 'toolu_1', name: 'f', input: { a: 1 } },
    ],
    stop_reason: 'tool_use',
    usage: { input_tokens: 1, output_tokens: 1 },
  };
  const stream = [
    {
      type: 'message_start',
      message: { id: 'msg', model: 'm', usage: { input_tokens: 1, output_tokens: 1 } },
    },
    {
      type: 'content_block_start',
      index: 0,
      content_block: { type: 'thinking', thinking: '', signature: '' },
    },
    { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'Let me think. ' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'Hard.' } },
    {
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'signature_delta', signature: 'EqQBCgIYAhIM1gbcDa9GJwZA' },
    },
    { type: 'content_block_stop', index: 0 },
    {
      type: 'content_block_start',
      index: 1,
      content_block: { type: 'redacted_thinking', data: 'EmwKAhgBEgy3va3pzix/LafPsn4a' },
    },
    { type: 'content_block_stop', index: 1 },
    {
      type: 'content_block_start',
      index: 2,
      content_block: { type: 'tool_use', id: 'toolu_1', name: 'f', input: {} },
    },
    { type: 'content_block_delta', index: 2, delta: { type: 'input_json_delta', partial_json: '{"a":1}' } },
    { type: 'content_block_stop', index: 2 },
    { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 9 } },
    { type: 'message_stop' },
  ].map((event) => JSON.stringify(event));

  /** Contents as Google's SDKs keep them: one for a whole answer, one for every piece of a stream. */
  function kept(): { role: string; parts: JsonObject[] }[][] {
    const whole = (translateAnswer('anthropic-messages', 'gemini', claude)['candidates'] as JsonObject[])[0]!;
    const pieces = sseData(encodeStream('gemini', decodeStream('anthropic-messages', stream))).map(
      (data) => (JSON.parse(data) as { candidates: JsonObject[] }).candidates[0]!['content'],
    );
    return [[whole['content']], pieces] as never;
  }

  it('comes back to that provider unchanged through a Gemini client, whole and streamed', () => {
    for (const contents of kept()) {
      for (const part of contents.flatMap((one) => one.parts)) {
        const signature = part['thoughtSignature'];
        // Google's SDKs for typed languages read it as bytes.
        if (typeof signature === 'string')
          expect(Buffer.from(signature, 'base64').toString('base64')).toBe(signature);
      }
      const request = {
        contents: [
          { role: 'user', parts: [{ text: 'Go' }] },
          ...contents,
          { role: 'user', parts: [{ functionResponse: { name: 'f', response: { output: 'done' } } }] },
        ],
        tools: [{ functionDeclarations: [{ name: 'f' }] }],
      } as unknown as JsonObject;
      const { body } = translate('gemini', 'anthropic-messages', request, { model: 'claude-sonnet-4-5' });
      const messages = body['messages'] as { role: string; content: JsonObject[] }[];
      expect(messages[1]!.content.filter((block) => block['type'] !== 'text')).toEqual(claude['content']);
      expect(messages[2]!.content).toEqual([
        { type: 'tool_result', tool_use_id: 'toolu_1', content: 'done' },
      ]);
    }
  });

  it('is not sent to Gemini', () => {
    for (const contents of kept()) {
      const { body, warnings } = translate('gemini', 'gemini', { contents } as unknown as JsonObject, MODEL);
      expect(JSON.stringify(body)).not.toContain('aGVhZGdhdGU');
      expect(warnings).toEqual([
        'reasoning: reasoning signed by another provider cannot be sent back in this format',
      ]);
    }
  });
});

describe('thinking', () => {
  const asked = (members: JsonObject, model: string) => {
    const request = { model: 'm', messages: [], ...members } as JsonObject;
    const { body, warnings } = translate('openai-chat', 'gemini', request, { model });
    const config = body['generationConfig'] as JsonObject | undefined;
    return [config?.['thinkingConfig'], warnings.filter((one) => !one.startsWith('messages'))] as const;
  };

  it('is asked for as the model takes it', () => {
    const cases: [JsonObject, string, JsonObject | undefined][] = [
      [{ reasoning_effort: 'low' }, 'gemini-2.5-flash', { thinkingBudget: 2048, includeThoughts: true }],
      [{ reasoning_effort: 'max' }, 'gemini-2.5-pro', { thinkingBudget: 32_768, includeThoughts: true }],
      [
        { reasoning: { max_tokens: 100 } },
        'gemini-2.5-flash-lite',
        { thinkingBudget: 512, includeThoughts: true },
      ],
      [
        { reasoning_effort: 'high', max_tokens: 1000 },
        'gemini-2.5-flash',
        { thinkingBudget: 800, includeThoughts: true },
      ],
      [{ reasoning: { enabled: true } }, 'gemini-2.5-flash', { thinkingBudget: -1, includeThoughts: true }],
      [{ reasoning_effort: 'none' }, 'gemini-2.5-flash', { thinkingBudget: 0 }],
      [
        { reasoning_effort: 'minimal' },
        'gemini-3-flash-preview',
        { thinkingLevel: 'MINIMAL', includeThoughts: true },
      ],
      [
        { reasoning_effort: 'minimal' },
        'gemini-3.1-pro-preview',
        { thinkingLevel: 'LOW', includeThoughts: true },
      ],
      [
        { reasoning_effort: 'medium' },
        'gemini-3-pro-preview',
        { thinkingLevel: 'HIGH', includeThoughts: true },
      ],
      [
        { reasoning_effort: 'medium' },
        'models/gemini-3.1-pro-preview',
        { thinkingLevel: 'MEDIUM', includeThoughts: true },
      ],
      [
        { reasoning: { max_tokens: 2000 } },
        'gemini-flash-latest',
        { thinkingLevel: 'LOW', includeThoughts: true },
      ],
      [{}, 'gemini-3-pro-preview', undefined],
    ];
    for (const [members, model, expected] of cases)
      expect(asked(members, model), `${JSON.stringify(members)} ${model}`).toEqual([expected, []]);
  });

  it('that a model cannot do, or cannot leave, is told', () => {
    const cases: [string, string, JsonObject | undefined][] = [
      ['none', 'gemini-2.5-pro', { thinkingBudget: 128 }],
      ['none', 'gemini-3-pro-preview', { thinkingLevel: 'LOW' }],
      ['high', 'gemini-2.0-flash', undefined],
      ['high', 'gemma-3-27b-it', undefined],
    ];
    for (const [reasoning_effort, model, expected] of cases) {
      const [config, warnings] = asked({ reasoning_effort }, model);
      expect(config, model).toEqual(expected);
      expect(warnings, model).toHaveLength(1);
    }
  });
});
