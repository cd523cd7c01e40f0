import type { JsonObject } from '@headgate/sdk';
import { MalformedBody } from '@headgate/sdk';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bedrockConverseRequest } from '../generate/bedrock-converse.js';
import { translate } from '../harness.js';
import { bedrock, CLAUDE } from './harness.js';

/** Rules of Converse and of the models behind it that requests of other formats do not know. */

const hello = [{ role: 'user', content: 'hi' }];
const tools = [{ type: 'function', function: { name: 'f' } }];

function encode(body: JsonObject, model = CLAUDE, context: { maxOutputTokens?: number } = {}) {
  return translate(
    'openai-chat',
    'bedrock-converse',
    { model: 'm', messages: hello, ...body },
    { model, ...context },
  );
}

describe('reasoning', () => {
  const asked = (body: JsonObject, model: string) => {
    const { body: out, warnings } = encode(body, model);
    return { fields: out['additionalModelRequestFields'], config: out['outputConfig'], warnings };
  };

  it('is a budget for Claude before 4.6, below the limit if there is one', () => {
    expect(asked({ reasoning_effort: 'low' }, CLAUDE).fields).toEqual({
      thinking: { type: 'enabled', budget_tokens: 2048 },
    });
    expect(asked({ reasoning_effort: 'high', max_tokens: 5000 }, CLAUDE).fields).toEqual({
      thinking: { type: 'enabled', budget_tokens: 4000 },
    });
    expect(asked({ reasoning_effort: 'high', max_tokens: 1000 }, CLAUDE)).toEqual({
      fields: undefined,
      config: undefined,
      warnings: ['reasoning: thinking needs more than 1024 output tokens'],
    });
  });

  it('is adaptive with an effort for Claude from 4.6 on, and left to models that always think', () => {
    expect(asked({ reasoning_effort: 'minimal' }, 'us.anthropic.claude-opus-4-8')).toMatchObject({
      fields: { thinking: { type: 'adaptive' } },
      config: { effort: 'low' },
    });
    expect(asked({ reasoning_effort: 'xhigh' }, 'anthropic.claude-sonnet-4-6').config).toEqual({
      effort: 'high',
    });
    expect(asked({ reasoning_effort: 'none' }, 'anthropic.claude-opus-5-5')).toEqual({
      fields: undefined,
      config: { effort: 'low' },
      warnings: ['reasoning: this model always thinks'],
    });
  });

  it('has the words of each other family', () => {
    expect(asked({ reasoning_effort: 'medium' }, 'us.amazon.nova-2-lite-v1:0').fields).toEqual({
      reasoningConfig: { type: 'enabled', maxReasoningEffort: 'medium' },
    });
    expect(asked({ reasoning_effort: 'none' }, 'amazon.nova-2-lite-v1:0').fields).toEqual({
      reasoningConfig: { type: 'disabled' },
    });
    expect(asked({ reasoning_effort: 'minimal' }, 'openai.gpt-oss-120b-1:0').fields).toEqual({
      reasoning_effort: 'low',
    });
    expect(asked({ reasoning_effort: 'xhigh' }, 'openai.gpt-6-sol').fields).toEqual({
      reasoning: { effort: 'xhigh' },
    });
    expect(asked({ reasoning_effort: 'high' }, 'meta.llama3-3-70b-instruct-v1:0')).toEqual({
      fields: undefined,
      config: undefined,
      warnings: ['reasoning: reasoning cannot be asked for from this model'],
    });
  });

  it('takes the limit and sampling away from Nova when it is hard', () => {
    const { body, warnings } = encode(
      { reasoning_effort: 'high', max_tokens: 10, temperature: 0.5 },
      'amazon.nova-2-lite-v1:0',
    );
    expect(body['inferenceConfig']).toBeUndefined();
    expect(warnings.map((one) => one.split(':')[0])).toEqual(['max_tokens', 'temperature']);
  });

  it('is off when the turn goes on after a tool call that has none', () => {
    const call = {
      role: 'assistant',
      content: null,
      tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }],
    };
    const { body, warnings } = encode({
      reasoning_effort: 'low',
      tools,
      messages: [...hello, call, { role: 'tool', tool_call_id: 'a', content: 'ok' }],
    });
    expect(body['additionalModelRequestFields']).toBeUndefined();
    expect(warnings).toEqual([
      'reasoning: thinking is off because an earlier tool call of this turn has none',
    ]);
  });

  it('that came from Converse is written again, unless a hook asked for something else', () => {
    const body: JsonObject = {
      messages: [{ role: 'user', content: [{ text: 'hi' }] }],
      additionalModelRequestFields: {
        thinking: { type: 'enabled', budget_tokens: 2000, display: 'omitted' },
      },
    };
    const request = bedrock.request!.decode(body);
    const context = { model: CLAUDE, warn: () => {} };
    expect(request.reasoning).toMatchObject({ enabled: true, budgetTokens: 2000 });
    expect(bedrock.request!.encode(request, context)).toEqual(body);
    request.reasoning!.budgetTokens = 4000;
    expect(bedrock.request!.encode(request, context)['additionalModelRequestFields']).toEqual({
      thinking: { type: 'enabled', budget_tokens: 4000 },
    });
  });

  it('that another provider encrypted travels in a blob and comes back as it was', () => {
    const part = { type: 'reasoning' as const, text: '', encrypted: 'gAAAA-not_base64' };
    const answer = bedrock.response!.encode({
      origin: 'openai-chat',
      id: 'a',
      model: 'm',
      created: 1,
      choices: [{ index: 0, parts: [part], finish: 'stop' }],
      usage: null,
    });
    const message = (answer['output'] as JsonObject)['message'] as JsonObject;
    const blob = JSON.stringify(message['content']);
    // A client decodes the blob and encodes it again.
    const [, base64 = ''] = /"redactedContent":"([^"]+)"/.exec(blob)!;
    expect(Buffer.from(base64, 'base64').toString('base64')).toBe(base64);
    const next = bedrock.request!.decode({ messages: [message as never] });
    expect(next.messages[0]?.parts).toEqual([part]);
  });
});

describe('sampling', () => {
  it('stays within what the model takes', () => {
    expect(encode({ temperature: 1.7 })).toMatchObject({
      body: { inferenceConfig: { temperature: 1 } },
      warnings: ['temperature: at most 1 in this format'],
    });
    expect(encode({ temperature: 0.5 }, 'anthropic.claude-opus-4-8').body['inferenceConfig']).toBeUndefined();
    expect(encode({ temperature: 0.5, top_p: 0.9 }).body['inferenceConfig']).toEqual({ temperature: 0.5 });
    expect(encode({ temperature: 0.5, top_p: 0.9 }, 'amazon.nova-pro-v1:0').body['inferenceConfig']).toEqual({
      temperature: 0.5,
      topP: 0.9,
    });
    expect(encode({ max_tokens: 9000 }, CLAUDE, { maxOutputTokens: 8000 })).toMatchObject({
      body: { inferenceConfig: { maxTokens: 8000 } },
      warnings: ['max_tokens: the model writes at most 8000 tokens'],
    });
  });

  it('calls top_k what the family calls it', () => {
    const topK = (model: string) => encode({ top_k: 7 }, model).body['additionalModelRequestFields'];
    expect(topK(CLAUDE)).toEqual({ top_k: 7 });
    expect(topK('amazon.nova-pro-v1:0')).toEqual({ inferenceConfig: { topK: 7 } });
    expect(topK('cohere.command-r-v1:0')).toEqual({ k: 7 });
    expect(topK('meta.llama3-3-70b-instruct-v1:0')).toBeUndefined();
  });

  it('asks Claude which stop string it wrote', () => {
    const paths = (stream: boolean, model: string) =>
      encode({ stop: ['END'], stream }, model).body['additionalModelResponseFieldPaths'];
    expect(paths(false, CLAUDE)).toEqual(['/stop_sequence']);
    expect(paths(true, CLAUDE)).toEqual(['/delta/stop_sequence']);
    expect(paths(true, 'amazon.nova-pro-v1:0')).toBeUndefined();
  });
});

describe('tools', () => {
  const called = [
    ...hello,
    {
      role: 'assistant',
      tool_calls: [{ id: 'a', type: 'function', function: { name: 'g', arguments: '{}' } }],
    },
    { role: 'tool', tool_call_id: 'a', content: '' },
  ];

  it('are named again where the history calls some and the request has none', () => {
    const { body } = encode({ messages: called });
    expect(body['toolConfig']).toEqual({
      tools: [{ toolSpec: { name: 'g', inputSchema: { json: { type: 'object', properties: {} } } } }],
    });
    expect((body['messages'] as JsonObject[]).at(-1)).toEqual({
      role: 'user',
      content: [{ toolResult: { toolUseId: 'a', content: [] } }],
    });
  });

  it('are left out where none may be called', () => {
    expect(encode({ tools, tool_choice: 'none' })).toMatchObject({ warnings: [] });
    expect(encode({ tools, tool_choice: 'none' }).body['toolConfig']).toBeUndefined();
    expect(encode({ tools, tool_choice: 'none', messages: called }).warnings).toEqual([
      'tool_choice: this format cannot forbid the tools that the history calls',
    ]);
  });

  it('are chosen in the words of Converse', () => {
    const choice = (body: JsonObject, model?: string) => {
      const { body: out } = encode({ tools, ...body }, model);
      return (out['toolConfig'] as JsonObject)['toolChoice'];
    };
    expect(choice({ tool_choice: 'auto' })).toEqual({ auto: {} });
    expect(choice({ tool_choice: 'required' })).toEqual({ any: {} });
    expect(choice({ tool_choice: { type: 'function', function: { name: 'f' } } })).toEqual({
      tool: { name: 'f' },
    });
    expect(choice({ tool_choice: 'required' }, 'anthropic.claude-opus-5-5')).toEqual({ auto: {} });
  });

  it('are called one at a time by Claude only', () => {
    expect(encode({ tools, tool_choice: 'required', parallel_tool_calls: false })).toMatchObject({
      body: {
        toolConfig: { tools: [{}] },
        additionalModelRequestFields: { tool_choice: { type: 'any', disable_parallel_tool_use: true } },
      },
      warnings: [],
    });
    expect(encode({ tools, parallel_tool_calls: false }, 'amazon.nova-pro-v1:0').warnings).toEqual([
      'parallel_tool_calls: parallel calls of tools cannot be forbidden for this model',
    ]);
  });

  it('are strict only where the model can be held to it', () => {
    const strict = [{ type: 'function', function: { name: 'f', strict: true } }];
    const spec = (model: string) => JSON.stringify(encode({ tools: strict }, model).body['toolConfig']);
    expect(spec(CLAUDE)).toContain('"strict":true');
    expect(spec('anthropic.claude-3-5-sonnet-20241022-v2:0')).not.toContain('strict');
    expect(encode({ tools: strict }, 'anthropic.claude-opus-4-8').warnings).toEqual([
      'tools: calls cannot be held to the schema of a tool',
    ]);
  });

  it('have ids that the model takes, the same for a call and its result', () => {
    const long = `call_${'x'.repeat(80)}!`;
    const messages = [
      ...hello,
      {
        role: 'assistant',
        tool_calls: [long, `${long}2`].map((id) => ({
          id,
          type: 'function',
          function: { name: 'f', arguments: '{}' },
        })),
      },
      { role: 'tool', tool_call_id: long, content: 'one' },
      { role: 'tool', tool_call_id: `${long}2`, content: 'two' },
    ];
    for (const [model, pattern] of [
      [CLAUDE, /^[a-zA-Z0-9_-]{1,64}$/],
      ['mistral.mistral-large-2402-v1:0', /^[a-zA-Z0-9]{9}$/],
    ] as const) {
      const [, assistant, user] = encode({ messages, tools }, model).body['messages'] as {
        content: JsonObject[];
      }[];
      const ids = assistant!.content.map((block) => (block['toolUse'] as JsonObject)['toolUseId']);
      expect(user!.content.map((block) => (block['toolResult'] as JsonObject)['toolUseId'])).toEqual(ids);
      expect(new Set(ids).size).toBe(2);
      for (const id of ids) expect(id).toMatch(pattern);
    }
  });
});

describe('content', () => {
  const content = (parts: JsonObject[], model = CLAUDE) => {
    const { body, warnings } = translate(
      'anthropic-messages',
      'bedrock-converse',
      { model: 'm', max_tokens: 5, messages: [{ role: 'user', content: parts }] },
      { model },
    );
    return { blocks: (body['messages'] as { content: JsonObject[] }[])[0]!.content, warnings };
  };
  const document = (title: string) => ({
    type: 'document',
    title,
    source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' },
  });

  it('has documents with names that Converse takes, each once, and never without a text', () => {
    const { blocks, warnings } = content([
      document('Résumé: "final"_v2.pdf'),
      document('Résumé: "final"_v2.pdf'),
    ]);
    expect(blocks.map((block) => (block['document'] as JsonObject | undefined)?.['name'])).toEqual([
      'Re sume final v2',
      'Re sume final v2 (2)',
      undefined,
    ]);
    expect(blocks.at(-1)).toEqual({ text: '(See the document.)' });
    expect(warnings).toEqual(['messages: a document needs a text beside it in this format; one was added']);
  });

  it('may be in S3, but nowhere else', () => {
    const image = (url: string) => ({ type: 'image', source: { type: 'url', url } });
    const { blocks, warnings } = content([
      { type: 'text', text: 'a' },
      image('s3://bucket/a.webp'),
      image('https://a/b.png'),
    ]);
    expect(blocks).toEqual([
      { text: 'a' },
      { image: { format: 'webp', source: { s3Location: { uri: 's3://bucket/a.webp' } } } },
    ]);
    expect(warnings).toHaveLength(1);
  });

  it('has cache points after what was marked, where the model caches', () => {
    const mark = { cache_control: { type: 'ephemeral', ttl: '1h' } };
    const parts = [
      { type: 'text', text: 'a', ...mark },
      { type: 'text', text: 'b' },
    ];
    expect(content(parts).blocks).toEqual([
      { text: 'a' },
      { cachePoint: { type: 'default', ttl: '1h' } },
      { text: 'b' },
    ]);
    expect(content(parts, 'meta.llama3-3-70b-instruct-v1:0')).toEqual({
      blocks: [{ text: 'a' }, { text: 'b' }],
      warnings: ['cache_control: this model caches no prompts at given points'],
    });
  });

  it('is held to closed schemas without bounds, since Bedrock refuses others', () => {
    const schema = {
      type: 'object',
      properties: { age: { type: 'integer', minimum: 0 }, of: { type: 'object', properties: { a: {} } } },
    };
    const response_format = { type: 'json_schema', json_schema: { name: 'x', schema } };
    const { body, warnings } = encode({ response_format });
    const sent = JSON.stringify(body['outputConfig']);
    expect(sent.match(/additionalProperties\\":false/g)).toHaveLength(2);
    expect(sent).toContain('Must also fit');
    expect(warnings).toEqual(['response_format: bounds in the schema are told to the model, not enforced']);
    const map = { type: 'object', additionalProperties: { type: 'string' } };
    const told = encode({
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema: map } },
    });
    expect(told.body['outputConfig']).toBeUndefined();
    expect(JSON.stringify(told.body['system'])).toContain('JSON Schema');
  });

  it('is told the schema by models that cannot be held to it', () => {
    const response_format = {
      type: 'json_schema',
      json_schema: { name: 'x', schema: { type: 'object', properties: {} } },
    };
    expect(encode({ response_format }).body['outputConfig']).toEqual({
      textFormat: {
        type: 'json_schema',
        structure: {
          jsonSchema: { schema: '{"type":"object","properties":{},"additionalProperties":false}', name: 'x' },
        },
      },
    });
    const { body, warnings } = encode({ response_format }, 'amazon.nova-pro-v1:0');
    expect(body['outputConfig']).toBeUndefined();
    expect(JSON.stringify(body['system'])).toContain('JSON Schema');
    expect(warnings).toHaveLength(1);
  });
});

/** Runs and returns the MalformedBody it threw, if any; any other error fails the test. */
function malformed(run: () => void): MalformedBody | undefined {
  try {
    run();
  } catch (error) {
    if (error instanceof MalformedBody) return error;
    throw error;
  }
  return undefined;
}

function places(value: unknown, at: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([key, inner]) => places(inner, [...at, key]))];
}

describe('a body that is wrong', () => {
  it('names the field at fault', () => {
    const cases: [JsonObject, string][] = [
      [{ messages: {} }, 'messages'],
      [{ messages: ['hi'] }, 'messages[0]'],
      [{ messages: [{ role: 'tool', content: [] }] }, 'messages[0].role'],
      [{ messages: [{ role: 'user', content: 'hi' }] }, 'messages[0].content'],
      [{ messages: [{ role: 'user', content: [{}] }] }, 'messages[0].content[0]'],
      [{ messages: [{ role: 'user', content: [{ text: 1 }] }] }, 'messages[0].content[0].text'],
      [
        { messages: [{ role: 'user', content: [{ image: { format: 'png' } }] }] },
        'messages[0].content[0].image.source',
      ],
      [
        {
          messages: [{ role: 'user', content: [{ toolResult: { toolUseId: 'a', content: [{ text: 1 }] } }] }],
        },
        'messages[0].content[0].toolResult.content[0].text',
      ],
      [{ messages: [], inferenceConfig: { maxTokens: 'many' } }, 'inferenceConfig.maxTokens'],
      [{ messages: [], toolConfig: { tools: [{ toolSpec: {} }] } }, 'toolConfig.tools[0].toolSpec.name'],
      [{ messages: [], toolConfig: { toolChoice: {} } }, 'toolConfig.toolChoice'],
      [
        {
          messages: [],
          outputConfig: {
            textFormat: { type: 'json_schema', structure: { jsonSchema: { schema: '{' } } },
          },
        },
        'outputConfig.textFormat.structure.jsonSchema.schema',
      ],
    ];
    for (const [body, param] of cases)
      expect(malformed(() => bedrock.request!.decode(body))?.param).toBe(param);
  });

  it('is read or refused by name, whatever one value of it is replaced by', () => {
    fc.assert(
      fc.property(bedrockConverseRequest, fc.nat(), fc.jsonValue(), (body, pick, value) => {
        const all = places(body).slice(1);
        const place = all[pick % all.length]!;
        const wrong = structuredClone(body);
        let target = wrong as Record<string | number, unknown>;
        for (const key of place.slice(0, -1)) target = target[key] as Record<string | number, unknown>;
        target[place.at(-1)!] = value;
        for (const to of ['bedrock-converse', 'openai-chat', 'anthropic-messages', 'openai-completions']) {
          const error = malformed(() => translate('bedrock-converse', to, wrong));
          if (error !== undefined) expect(error.param).toBeTruthy();
        }
      }),
      { numRuns: 400 },
    );
  });

  it('is read or refused by name when it is any object, as request and as answer', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (any) => {
        malformed(() => bedrock.request!.decode(any as JsonObject));
        malformed(() => bedrock.response!.decode(any as JsonObject));
      }),
    );
  });
});
