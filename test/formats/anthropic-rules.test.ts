import type { JsonObject } from '@headgate/sdk';
import { describe, expect, it } from 'vitest';
import { translate } from './harness.js';

/** Rules of Anthropic's API that requests of other formats do not know. */

const hello = [{ role: 'user', content: 'hi' }];

function encode(body: JsonObject, context: { model?: string; maxOutputTokens?: number } = {}) {
  return translate(
    'openai-chat',
    'anthropic-messages',
    { model: 'm', messages: hello, ...body },
    { model: 'claude-sonnet-4-5', ...context },
  );
}

describe('max_tokens', () => {
  it('is the client’s, else the model’s cap, else 4096', () => {
    expect(encode({ max_tokens: 7 }).body['max_tokens']).toBe(7);
    expect(encode({}, { maxOutputTokens: 64_000 }).body['max_tokens']).toBe(64_000);
    expect(encode({}).body['max_tokens']).toBe(4096);
  });

  it('never passes the cap of the model', () => {
    const { body, warnings } = encode({ max_tokens: 100_000 }, { maxOutputTokens: 8192 });
    expect(body['max_tokens']).toBe(8192);
    expect(warnings).toEqual(['max_tokens: the model writes at most 8192 tokens']);
  });
});

describe('thinking', () => {
  it('gets a budget below max_tokens from models before 4.6', () => {
    const plan = (body: JsonObject, cap?: number) => {
      const { body: out } = encode(body, cap === undefined ? {} : { maxOutputTokens: cap });
      return [out['max_tokens'], (out['thinking'] as JsonObject | undefined)?.['budget_tokens']];
    };
    expect(plan({ reasoning_effort: 'low' })).toEqual([2048 + 4096, 2048]);
    expect(plan({ reasoning_effort: 'high', max_tokens: 30_000 })).toEqual([30_000, 16_384]);
    expect(plan({ reasoning_effort: 'high', max_tokens: 5000 })).toEqual([5000, 4000]);
    expect(plan({ reasoning_effort: 'high', max_tokens: 1025 })).toEqual([1025, 1024]);
    expect(plan({ reasoning_effort: 'high', max_tokens: 1024 })).toEqual([1024, undefined]);
    expect(plan({ reasoning_effort: 'medium' }, 64_000)).toEqual([64_000, 8192]);
    expect(plan({ reasoning: { max_tokens: 500 }, max_tokens: 9000 })).toEqual([9000, 1024]);
    expect(plan({ reasoning_effort: 'none', max_tokens: 9000 })).toEqual([9000, undefined]);
  });

  it('is adaptive with an effort from 4.6 on', () => {
    const { body } = encode({ reasoning_effort: 'minimal' }, { model: 'claude-opus-4-8' });
    expect([body['thinking'], body['output_config']]).toEqual([{ type: 'adaptive' }, { effort: 'low' }]);
    expect(encode({ reasoning_effort: 'xhigh' }, { model: 'claude-opus-4-6' }).body['output_config']).toEqual(
      { effort: 'high' },
    );
    expect(encode({ reasoning_effort: 'none' }, { model: 'claude-sonnet-4-6' }).body['thinking']).toEqual({
      type: 'disabled',
    });
  });

  it('is left alone where a model cannot switch it off', () => {
    const { body, warnings } = encode({ reasoning_effort: 'none' }, { model: 'claude-opus-5-5' });
    expect(body['thinking']).toBeUndefined();
    expect(warnings).toEqual(['reasoning: this model always thinks']);
  });

  it('excludes sampling', () => {
    const { body, warnings } = encode({ reasoning_effort: 'low', temperature: 0.3, top_p: 0.5, top_k: 5 });
    expect([body['temperature'], body['top_p'], body['top_k']]).toEqual([undefined, undefined, undefined]);
    expect(warnings.map((one) => one.split(':')[0])).toEqual(['temperature', 'top_p', 'top_k']);
  });

  it('is off when the turn goes on after a tool call that has none', () => {
    // "Expected `thinking` or `redacted_thinking`, but found `tool_use`": a client that keeps no reasoning could not use tools.
    const call = {
      role: 'assistant',
      content: null,
      tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }],
    };
    const result = { role: 'tool', tool_call_id: 'a', content: 'ok' };
    const within = encode({ reasoning_effort: 'low', messages: [...hello, call, result] });
    expect(within.body['thinking']).toBeUndefined();
    expect(within.warnings).toEqual([
      'reasoning: thinking is off because an earlier tool call of this turn has none',
    ]);
    const after = encode({
      reasoning_effort: 'low',
      messages: [
        ...hello,
        call,
        result,
        { role: 'assistant', content: 'done' },
        { role: 'user', content: 'more' },
      ],
    });
    expect(after.body['thinking']).toBeDefined();
  });
});

describe('sampling', () => {
  it('keeps temperature within 1, and tells so', () => {
    expect(encode({ temperature: 1.7 })).toMatchObject({
      body: { temperature: 1 },
      warnings: ['temperature: at most 1 in this format'],
    });
  });

  it('has either temperature or top_p where a model takes only one', () => {
    expect(encode({ temperature: 0.5, top_p: 0.9 }).body).not.toHaveProperty('top_p');
    expect(
      encode({ temperature: 0.5, top_p: 0.9 }, { model: 'claude-3-5-sonnet-20241022' }).body,
    ).toMatchObject({ temperature: 0.5, top_p: 0.9 });
    expect(encode({ top_p: 0.9 }).body).toMatchObject({ top_p: 0.9 });
  });

  it('is not sent to models that refuse it', () => {
    for (const model of [
      'claude-opus-4-7',
      'claude-sonnet-5',
      'anthropic.claude-opus-4-8-v1:0',
      'claude-fable-5',
    ])
      expect(encode({ temperature: 0.5 }, { model }).body, model).not.toHaveProperty('temperature');
    for (const model of ['claude-sonnet-4-20250514', 'claude-3-haiku-20240307', 'deepseek-chat'])
      expect(encode({ temperature: 0.5 }, { model }).body, model).toMatchObject({ temperature: 0.5 });
  });
});

describe('structured output', () => {
  const schema = { type: 'object', properties: {} };
  const response_format = { type: 'json_schema', json_schema: { name: 'x', schema } };

  it('is enforced where the model can, and asked for where it cannot', () => {
    expect(encode({ response_format }).body['output_config']).toEqual({
      format: { type: 'json_schema', schema: { ...schema, additionalProperties: false } },
    });
    const old = encode(
      { response_format, messages: [{ role: 'system', content: 'Be nice.' }, ...hello] },
      { model: 'claude-3-5-haiku-20241022' },
    );
    expect(old.body['output_config']).toBeUndefined();
    expect(old.body['system']).toBe(
      `Be nice.\n\nAnswer only with JSON that matches this JSON Schema, without any other text:\n${JSON.stringify(schema)}`,
    );
    expect(old.warnings).toHaveLength(1);
  });

  // Anthropic answered "For 'object' type, 'additionalProperties' must be explicitly set to false", and refuses bounds too.
  it('has closed objects and no bounds, which are told instead', () => {
    const open = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      properties: {
        minimum: { type: 'integer', minimum: 3, description: 'The least' },
        list: { type: 'array', minItems: 2, items: { $ref: '#/$defs/one' } },
        day: { type: 'string', format: 'date' },
        either: { oneOf: [{ type: 'null' }, { type: 'string', format: 'phone' }] },
      },
      required: ['minimum'],
      $defs: { one: { type: ['object', 'null'], additionalProperties: true, properties: { a: {} } } },
    };
    const closed = {
      type: 'object',
      properties: {
        minimum: { type: 'integer', description: 'The least\nMust also fit {"minimum":3}' },
        list: { type: 'array', items: { $ref: '#/$defs/one' }, description: 'Must also fit {"minItems":2}' },
        day: { type: 'string', format: 'date' },
        either: {
          anyOf: [{ type: 'null' }, { type: 'string', description: 'Must also fit {"format":"phone"}' }],
        },
      },
      required: ['minimum'],
      $defs: { one: { type: ['object', 'null'], properties: { a: {} }, additionalProperties: false } },
      additionalProperties: false,
    };
    const { body, warnings } = encode({
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema: open } },
      tools: [{ type: 'function', function: { name: 'f', strict: true, parameters: open } }],
    });
    expect(body['output_config']).toEqual({ format: { type: 'json_schema', schema: closed } });
    expect(body['tools']).toEqual([{ name: 'f', strict: true, input_schema: closed }]);
    expect(warnings).toEqual(['response_format: bounds in the schema are told to the model, not enforced']);
  });

  it('is asked for where an object may have any members', () => {
    for (const any of [{ type: 'object' }, { type: 'object', additionalProperties: { type: 'string' } }]) {
      const parameters = { type: 'object', properties: { any } };
      const { body, warnings } = encode({
        response_format: { type: 'json_schema', json_schema: { name: 'x', schema: parameters } },
        tools: [{ type: 'function', function: { name: 'f', strict: true, parameters } }],
      });
      expect(body['output_config']).toBeUndefined();
      expect(body['system']).toEqual([
        { type: 'text', text: expect.stringContaining(JSON.stringify(parameters)) as string },
      ]);
      expect(body['tools']).toEqual([{ name: 'f', input_schema: parameters }]);
      expect(warnings.map((one) => one.split(':')[0]).sort()).toEqual(['response_format', 'tools']);
    }
  });
});

describe('the end user', () => {
  // Claude Code's ids are JSON of some 150 characters; OpenAI takes 64, OpenRouter and Zhipu 128.
  it('has an id of a length that others take, always the same', () => {
    const id = JSON.stringify({ device_id: 'd'.repeat(64), account_uuid: '', session_id: 's'.repeat(36) });
    const body = { model: 'm', max_tokens: 9, messages: hello, metadata: { user_id: id } };
    for (const to of ['openai-chat', 'openai-responses', 'openai-completions']) {
      const user = translate('anthropic-messages', to, body).body['user'];
      expect(user).toMatch(/^[0-9a-f]{64}$/);
      expect(translate('anthropic-messages', to, body).body['user']).toBe(user);
    }
    const short = { ...body, metadata: { user_id: 'ada' } };
    expect(translate('anthropic-messages', 'openai-chat', short).body['user']).toBe('ada');
  });
});

describe('tool choice', () => {
  const tools = [{ type: 'function', function: { name: 'f' } }];
  it('has Anthropic’s words', () => {
    const choice = (body: JsonObject, model?: string) =>
      encode({ tools, ...body }, model === undefined ? {} : { model }).body['tool_choice'];
    expect(choice({ tool_choice: 'required' })).toEqual({ type: 'any' });
    expect(choice({ tool_choice: 'none', parallel_tool_calls: false })).toEqual({ type: 'none' });
    expect(
      choice({ tool_choice: { type: 'function', function: { name: 'f' } }, parallel_tool_calls: true }),
    ).toEqual({ type: 'tool', name: 'f' });
    expect(choice({ parallel_tool_calls: false })).toEqual({ type: 'auto', disable_parallel_tool_use: true });
    expect(choice({ tool_choice: 'required' }, 'claude-opus-5-5')).toEqual({ type: 'auto' });
    expect(encode({ tool_choice: 'auto' }).body).not.toHaveProperty('tool_choice');
  });
});

describe('conversations', () => {
  it('of system messages only get an opening of the user', () => {
    const { body } = encode({ messages: [{ role: 'system', content: 'Write a poem.' }] });
    expect(body['system']).toBe('Write a poem.');
    expect(body['messages']).toEqual([{ role: 'user', content: '(The conversation starts here.)' }]);
  });

  it('have their results before everything else of the turn, whatever came first', () => {
    const { body } = encode({
      messages: [
        ...hello,
        {
          role: 'assistant',
          tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }],
        },
        { role: 'user', content: 'hurry' },
        { role: 'tool', tool_call_id: 'a', content: 'ok' },
      ],
    });
    expect((body['messages'] as JsonObject[]).at(-1)).toEqual({
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'a', content: 'ok' },
        { type: 'text', text: 'hurry' },
      ],
    });
  });

  it('drop what OpenRouter got from other providers than Anthropic', () => {
    const { body, warnings } = encode({
      messages: [
        ...hello,
        {
          role: 'assistant',
          content: 'a',
          reasoning_details: [{ type: 'reasoning.encrypted', data: 'x', format: 'google-gemini-v1' }],
        },
        ...hello,
      ],
    });
    expect((body['messages'] as JsonObject[])[1]).toEqual({ role: 'assistant', content: 'a' });
    expect(warnings).toEqual(['reasoning: reasoning that Anthropic did not sign cannot be sent back to it']);
  });
});
