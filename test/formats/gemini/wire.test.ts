import type { CanonicalError, ErrorKind, JsonObject, ScannedFields, StreamMeter } from '@headgate/sdk';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gemini, geminiCountTokens } from '../../../plugins/formats/gemini/index.js';
import { geminiUsageFrom, hasGeminiCounts } from '../../../plugins/formats/gemini/usage.js';
import { json, text } from '../generate/json.js';
import { translate, translateAnswer } from '../harness.js';

describe('error answers of Google', () => {
  const google = (code: number, status: string, details: JsonObject[] = []): string =>
    JSON.stringify({ error: { code, message: 'why', status, details } });
  const info = (reason: string): JsonObject => ({
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason,
    domain: 'googleapis.com',
  });
  const cases: [string, number, string, Partial<CanonicalError>][] = [
    [
      'a wrong key',
      400,
      google(400, 'INVALID_ARGUMENT', [info('API_KEY_INVALID')]),
      { kind: 'authentication', code: 'API_KEY_INVALID' },
    ],
    [
      'a wrong field',
      400,
      google(400, 'INVALID_ARGUMENT', [
        {
          '@type': 'type.googleapis.com/google.rpc.BadRequest',
          fieldViolations: [{ field: 'contents[1].parts[0]', description: 'x' }],
        },
      ]),
      { kind: 'invalid-request', code: 'INVALID_ARGUMENT', param: 'contents[1].parts[0]' },
    ],
    ['a region without service', 400, google(400, 'FAILED_PRECONDITION'), { kind: 'invalid-request' }],
    ['no credentials', 401, google(401, 'UNAUTHENTICATED'), { kind: 'authentication' }],
    ['no permission', 403, google(403, 'PERMISSION_DENIED'), { kind: 'permission' }],
    ['no such model', 404, google(404, 'NOT_FOUND'), { kind: 'not-found' }],
    [
      'too fast',
      429,
      google(429, 'RESOURCE_EXHAUSTED', [
        { '@type': 'type.googleapis.com/google.rpc.QuotaFailure', violations: [] },
        { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '34.0745s' },
      ]),
      { kind: 'rate-limit', code: 'RESOURCE_EXHAUSTED', retryAfterMs: 34_075 },
    ],
    ['an error inside', 500, google(500, 'INTERNAL'), { kind: 'upstream' }],
    ['too much to do', 503, google(503, 'UNAVAILABLE'), { kind: 'overloaded' }],
    ['too late', 504, google(504, 'DEADLINE_EXCEEDED'), { kind: 'timeout' }],
    [
      'a stream without events',
      429,
      `[${google(429, 'RESOURCE_EXHAUSTED')}]`,
      { kind: 'rate-limit', message: 'why' },
    ],
    [
      'a token server',
      400,
      '{"error":"invalid_grant","error_description":"Expired"}',
      { kind: 'invalid-request', code: 'invalid_grant', message: 'Expired' },
    ],
    [
      'a proxy, HTML',
      502,
      '<html>Bad Gateway</html>',
      { kind: 'unavailable', message: 'The provider answered with status 502' },
    ],
    ['nothing', 429, '', { kind: 'rate-limit', status: 429 }],
  ];
  for (const [who, status, body, expected] of cases)
    it(`are understood: ${who}`, () => {
      expect(gemini.error.decode(status, body)).toMatchObject({ status, ...expected });
    });

  it('are never too strange to read', () => {
    fc.assert(
      fc.property(fc.integer({ min: 400, max: 599 }), fc.oneof(fc.string(), fc.json()), (status, body) => {
        const error = gemini.error.decode(status, body);
        expect(error).toMatchObject({ status, message: expect.any(String), code: expect.any(String) });
        gemini.error.decode(status, JSON.stringify({ error: { details: body, status: body } }));
      }),
    );
  });
});

describe('errors for clients of Google', () => {
  // Anthropic's `api_error` with status 503 was called INTERNAL beside the code 503, which Google pairs with UNAVAILABLE.
  it.each([
    [500, 'INTERNAL'],
    [502, 'INTERNAL'],
    [503, 'UNAVAILABLE'],
    [504, 'DEADLINE_EXCEEDED'],
  ])('say of a mere failure with status %i that it is %s', (status, word) => {
    const error: CanonicalError = { kind: 'upstream', status, code: 'api_error', message: 'm' };
    expect(JSON.parse(gemini.error.encode(error, 'req_9'))).toMatchObject({
      error: { code: status, status: word },
    });
  });

  it('have its shape, a numeric code, the stable code as reason and the request id', () => {
    const error: CanonicalError = {
      kind: 'rate-limit',
      status: 429,
      code: 'too_fast',
      message: 'Slow',
      param: 'model',
      retryAfterMs: 1500,
    };
    expect(JSON.parse(gemini.error.encode(error, 'req_9'))).toEqual({
      error: {
        code: 429,
        message: 'Slow',
        status: 'RESOURCE_EXHAUSTED',
        details: [
          {
            '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
            reason: 'too_fast',
            domain: 'headgate',
            metadata: { requestId: 'req_9' },
          },
          {
            '@type': 'type.googleapis.com/google.rpc.BadRequest',
            fieldViolations: [{ field: 'model', description: 'Slow' }],
          },
          { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '1.5s' },
        ],
      },
    });
    expect(gemini.error.decode(429, gemini.error.encode(error, 'r'))).toEqual(error);
    expect(gemini.error.encodeInStream(error, 'r')).toMatch(/^data: \{"error":.*\}\n\n$/);
  });

  it('keep their kind when another gateway of this sort reads them', () => {
    const kinds: [ErrorKind, number][] = [
      ['invalid-request', 400],
      ['authentication', 401],
      ['permission', 403],
      ['not-found', 404],
      ['too-large', 413],
      ['rate-limit', 429],
      ['overloaded', 503],
      ['timeout', 504],
    ];
    for (const [kind, status] of kinds) {
      const sent = gemini.error.encode({ kind, status, code: 'some_code', message: 'm' }, 'r');
      expect(gemini.error.decode(status, sent)).toEqual({ kind, status, code: 'some_code', message: 'm' });
    }
  });
});

const counts = fc.record({
  promptTokenCount: fc.nat(1e6),
  candidatesTokenCount: fc.nat(1e6),
  totalTokenCount: fc.nat(1e6),
  thoughtsTokenCount: fc.nat(1e5),
  cachedContentTokenCount: fc.nat(1e5),
});
const hostile = fc.oneof(
  fc.constantFrom(
    '"usageMetadata":{"promptTokenCount":9}',
    ',"usageMetadata":{',
    '{"usageMetadata":{"totalTokenCount":7}}}',
  ),
  text,
);
const nested = fc.record({ usageMetadata: fc.oneof(counts, hostile), note: hostile });

describe('the meter of a whole answer', () => {
  it('finds what JSON.parse finds, wherever it stands and whatever stands around it', () => {
    const member = fc.oneof(
      fc.tuple(
        fc.constantFrom('candidates', 'modelVersion', 'x'),
        fc.oneof(hostile, nested, fc.array(nested, { maxLength: 2 }), json),
      ),
      fc.tuple(fc.constant('usageMetadata'), fc.oneof(counts, fc.constant({}), fc.constant(null))),
    );
    fc.assert(
      fc.property(fc.array(member, { maxLength: 6 }), fc.constantFrom(undefined, 2), (members, indent) => {
        const body = Object.fromEntries(members) as JsonObject;
        const usage = body['usageMetadata'] as JsonObject | null | undefined;
        const expected =
          typeof usage === 'object' && usage !== null && hasGeminiCounts(usage)
            ? geminiUsageFrom(usage)
            : null;
        expect(gemini.meter!.body(Buffer.from(JSON.stringify(body, null, indent)))).toEqual(expected);
      }),
      { numRuns: 400 },
    );
  });
});

describe('the meter of a stream', () => {
  const piece = (members: JsonObject, parts: JsonObject[] = [], finish?: string): JsonObject => ({
    candidates: [{ content: { parts, role: 'model' }, ...(finish && { finishReason: finish }), index: 0 }],
    ...members,
  });
  const first = piece({ usageMetadata: { promptTokenCount: 4, totalTokenCount: 4 } }, [{ text: '' }]);
  const says = (words: string) =>
    piece({ usageMetadata: { promptTokenCount: 4, candidatesTokenCount: 2, totalTokenCount: 6 } }, [
      { text: words },
    ]);
  const last = piece(
    {
      usageMetadata: {
        promptTokenCount: 4,
        candidatesTokenCount: 5,
        totalTokenCount: 12,
        thoughtsTokenCount: 3,
      },
    },
    [{ text: '.' }],
    'STOP',
  );
  /** The framings of the wire: Google writes a space after each colon in events, and whole lines in arrays. */
  const framings: Record<string, (pieces: JsonObject[]) => string[]> = {
    events: (pieces) => pieces.map((one) => `data: ${JSON.stringify(one)}\n\n`),
    'Google’s events': (pieces) =>
      pieces.map((one) => `data: ${JSON.stringify(one).replace(/":/g, '": ')}\r\n\r\n`),
    'an array': (pieces) =>
      pieces.map(
        (one, i) =>
          `${i === 0 ? '[' : ',\r\n'}${JSON.stringify(one, null, 2)}\n${i === pieces.length - 1 ? ']' : ''}`,
      ),
  };
  const feed = (stream: StreamMeter, chunks: string[]): string =>
    chunks.map((chunk) => stream.push(Buffer.from(chunk)).toString()).join('');

  for (const [name, frame] of Object.entries(framings)) {
    it(`reads start, usage and end of ${name}, and changes nothing`, () => {
      const stream = gemini.meter!.stream({ strip: true });
      const wire = frame([first, says('Hi'), last]);
      expect(feed(stream, wire.slice(0, 1))).toBe(wire[0]);
      expect([stream.started, stream.finished, stream.failed]).toEqual([false, false, false]);
      feed(stream, wire.slice(1, 2));
      expect([stream.started, stream.finished, stream.usage()?.outputTokens]).toEqual([true, false, 2]);
      feed(stream, wire.slice(2));
      expect([stream.finished, stream.failed]).toEqual([true, false]);
      expect(stream.usage()).toMatchObject({ inputTokens: 4, outputTokens: 8, reasoningTokens: 3 });
      const joined = gemini.meter!.stream({ strip: false });
      feed(joined, [wire.join('')]);
      expect([joined.started, joined.finished, joined.usage()]).toEqual([true, true, stream.usage()]);
    });

    it(`knows an error in ${name}`, () => {
      const stream = gemini.meter!.stream({ strip: false });
      feed(stream, frame([says('Hi'), { error: { code: 503, message: 'm', status: 'UNAVAILABLE' } }]));
      expect([stream.failed, stream.finished]).toEqual([true, false]);
    });

    it(`is not fooled in ${name} by a model that writes about usage, errors and reasons`, () => {
      const stream = gemini.meter!.stream({ strip: false });
      const words = [
        '"finishReason":"STOP"',
        '{"error":{"code":1}}',
        '"usageMetadata":{"promptTokenCount":99}',
        '\n\ndata: {"error":{}}',
      ];
      feed(stream, frame(words.map(says)));
      expect([stream.finished, stream.failed, stream.usage()?.inputTokens]).toEqual([false, false, 4]);
    });
  }

  it('takes a refused prompt for an end, and a call for a start', () => {
    const blocked = gemini.meter!.stream({ strip: false });
    feed(blocked, [`data: ${JSON.stringify({ promptFeedback: { blockReason: 'SAFETY' } })}\n\n`]);
    expect([blocked.finished, blocked.started]).toEqual([true, false]);
    const called = gemini.meter!.stream({ strip: false });
    feed(called, [`data: ${JSON.stringify(piece({}, [{ functionCall: { name: 'f', args: {} } }]))}\n\n`]);
    expect(called.started).toBe(true);
  });

  it('never throws on bytes that are no JSON', () => {
    const noise = fc.string({
      unit: fc.constantFrom(
        '"usageMetadata"',
        '"error"',
        'data:',
        ':',
        '{',
        '}',
        '"',
        '\\',
        ',',
        '1',
        '\n',
        '[',
        ']',
      ),
    });
    fc.assert(
      fc.property(noise, (bytes) => {
        const stream = gemini.meter!.stream({ strip: true });
        stream.push(Buffer.from(bytes));
        gemini.meter!.body(Buffer.from(bytes));
        return typeof stream.failed === 'boolean';
      }),
      { numRuns: 500 },
    );
  });
});

describe('the cap on output tokens', () => {
  it('is read from either spelling, times the answers asked for', () => {
    const cap = (body: Record<string, unknown>) => {
      const fields: ScannedFields = {
        json: (name) => (name in body ? JSON.stringify(body[name]) : undefined),
      };
      return gemini.maxOutputTokens!(fields);
    };
    expect(cap({ generationConfig: { maxOutputTokens: 5 } })).toBe(5);
    expect(cap({ generation_config: { max_output_tokens: '5', candidate_count: 3 } })).toBe(15);
    expect(cap({ generationConfig: { maxOutputTokens: -1 } })).toBeUndefined();
    expect(cap({ generationConfig: 'x' })).toBeUndefined();
    expect(cap({})).toBeUndefined();
  });
});

describe('counting tokens', () => {
  const contents = [{ role: 'user', parts: [{ text: 'Hi' }] }];
  const model = { model: 'gemini-2.5-flash' };

  it('is asked in each of the three forms', () => {
    const rest = { systemInstruction: { parts: [{ text: 'Be brief.' }] }, generationConfig: { topK: 1 } };
    expect(translate('gemini-count-tokens', 'gemini-count-tokens', { contents }, model).body).toEqual({
      contents,
    });
    const wrapped = {
      generateContentRequest: {
        model: 'models/gemini-2.5-flash',
        contents,
        systemInstruction: rest.systemInstruction,
      },
    };
    for (const body of [
      { contents, ...rest },
      { generateContentRequest: { contents, ...rest } },
      { generate_content_request: { contents, ...rest } },
    ])
      expect(
        translate('gemini-count-tokens', 'gemini-count-tokens', body as unknown as JsonObject, model).body,
      ).toEqual(wrapped);
  });

  it('counts what a request of another format says', () => {
    const request = geminiCountTokens.request!.decode({ contents } as unknown as JsonObject);
    expect(request.origin).toBe('gemini-count-tokens');
    const body = {
      model: 'm',
      system: 'Be brief.',
      messages: [{ role: 'user', content: 'Hi' }],
      max_tokens: 5,
      temperature: 1,
    };
    expect(
      translate('anthropic-messages', 'gemini-count-tokens', body as unknown as JsonObject, model).body,
    ).toEqual({
      generateContentRequest: {
        model: 'models/gemini-2.5-flash',
        systemInstruction: { parts: [{ text: 'Be brief.' }] },
        contents,
      },
    });
  });

  it('is answered with the total', () => {
    expect(
      translateAnswer('gemini-count-tokens', 'gemini-count-tokens', {
        totalTokens: 31,
        cachedContentTokenCount: 9,
      }),
    ).toEqual({
      totalTokens: 31,
      cachedContentTokenCount: 9,
    });
  });
});

describe('a schema', () => {
  const parameters = (schema: JsonObject) => {
    const request = {
      model: 'm',
      messages: [],
      tools: [{ type: 'function', function: { name: 'f', parameters: schema } }],
    };
    const { body, warnings } = translate('openai-chat', 'gemini', request as unknown as JsonObject, {
      model: 'gemini-2.5-flash',
    });
    const tools = body['tools'] as { functionDeclarations: JsonObject[] }[];
    return [
      tools[0]!.functionDeclarations[0]!['parametersJsonSchema'],
      warnings.filter((one) => one.startsWith('schema')),
    ];
  };

  it('is sent as JSON Schema, in the words that Gemini knows', () => {
    expect(
      parameters({
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        type: 'object',
        properties: {
          const: { const: 'a' },
          node: { $ref: '#/definitions/Node' },
          any: { anyOf: [{ type: 'string' }, { const: 1 }] },
        },
        definitions: { Node: { type: 'object', properties: { next: { $ref: '#/definitions/Node' } } } },
      }),
    ).toEqual([
      {
        type: 'object',
        properties: {
          const: { enum: ['a'] },
          node: { $ref: '#/$defs/Node' },
          any: { anyOf: [{ type: 'string' }, { enum: [1] }] },
        },
        $defs: { Node: { type: 'object', properties: { next: { $ref: '#/$defs/Node' } } } },
      },
      [],
    ]);
  });

  it('says what it loses beside a reference', () => {
    const [schema, warnings] = parameters({
      type: 'object',
      properties: { a: { $ref: '#/$defs/A', description: 'why' } },
      $defs: { A: {} },
    });
    expect(schema).toEqual({ type: 'object', properties: { a: { $ref: '#/$defs/A' } }, $defs: { A: {} } });
    expect(warnings).toHaveLength(1);
  });

  it('of a function that takes nothing is left out, and of one that takes anything is not', () => {
    expect(parameters({ type: 'object', properties: {}, additionalProperties: false })[0]).toBeUndefined();
    expect(parameters({ type: 'object' })[0]).toBeUndefined();
    expect(parameters({ type: 'object', additionalProperties: true })[0]).toEqual({
      type: 'object',
      additionalProperties: true,
    });
    expect(parameters({ type: 'object', properties: { a: {} } })[0]).toEqual({
      type: 'object',
      properties: { a: {} },
    });
  });
});

describe('a tool choice', () => {
  const config = (members: JsonObject, strict = false) => {
    const tools = [{ type: 'function', function: { name: 'f', strict } }];
    const request = { model: 'm', messages: [], tools, ...members } as unknown as JsonObject;
    return translate('openai-chat', 'gemini', request, { model: 'gemini-2.5-flash' }).body['toolConfig'];
  };

  it('is written in Google’s modes', () => {
    const calling = (functionCallingConfig: JsonObject) => ({ functionCallingConfig });
    expect(config({ tool_choice: 'auto' })).toEqual(calling({ mode: 'AUTO' }));
    expect(config({ tool_choice: 'none' })).toEqual(calling({ mode: 'NONE' }));
    expect(config({ tool_choice: 'required' })).toEqual(calling({ mode: 'ANY' }));
    expect(config({ tool_choice: { type: 'function', function: { name: 'f' } } })).toEqual(
      calling({ mode: 'ANY', allowedFunctionNames: ['f'] }),
    );
    expect(config({}, true)).toEqual(calling({ mode: 'VALIDATED' }));
    expect(config({})).toBeUndefined();
  });
});
