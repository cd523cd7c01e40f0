import type { CanonicalError, ErrorKind } from '@headgate/sdk';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formats } from '../../plugins/formats/index.js';
import { format } from './harness.js';

const openai = format('openai-chat').error;
const anthropic = format('anthropic-messages').error;

describe('error answers of OpenAI-like providers', () => {
  const cases: [string, number, string, Partial<CanonicalError>][] = [
    [
      'OpenAI, wrong key',
      401,
      '{"error":{"message":"Incorrect API key","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}',
      { kind: 'authentication', code: 'invalid_api_key', message: 'Incorrect API key' },
    ],
    [
      'OpenAI, too fast',
      429,
      '{"error":{"message":"Rate limit reached","type":"requests","param":null,"code":"rate_limit_exceeded"}}',
      { kind: 'rate-limit', code: 'rate_limit_exceeded' },
    ],
    [
      'OpenAI, no money left',
      429,
      '{"error":{"message":"quota","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}',
      { kind: 'rate-limit', code: 'insufficient_quota' },
    ],
    [
      'OpenAI, wrong field',
      400,
      '{"error":{"message":"bad","type":"invalid_request_error","param":"messages[0].role","code":null}}',
      { kind: 'invalid-request', code: 'invalid_request_error', param: 'messages[0].role' },
    ],
    [
      'OpenAI, no such model',
      404,
      '{"error":{"message":"no","type":"invalid_request_error","param":null,"code":"model_not_found"}}',
      { kind: 'not-found', code: 'model_not_found' },
    ],
    [
      'Azure, content filter',
      400,
      '{"error":{"message":"filtered","code":"content_filter","status":400,"innererror":{}}}',
      { kind: 'content-filter', status: 400 },
    ],
    [
      'Mistral',
      422,
      '{"object":"error","message":"Extra inputs","type":"invalid_request_error","param":null,"code":"1002"}',
      { kind: 'invalid-request', message: 'Extra inputs' },
    ],
    [
      'FastAPI',
      422,
      '{"detail":[{"loc":["body"],"msg":"field required","type":"value_error"}]}',
      { kind: 'invalid-request', message: 'field required' },
    ],
    [
      'Ollama',
      404,
      '{"error":"model \\"x\\" not found"}',
      { kind: 'not-found', message: 'model "x" not found' },
    ],
    [
      'Gemini, a list',
      400,
      '[{"error":{"code":400,"message":"API key not valid","status":"INVALID_ARGUMENT"}}]',
      { kind: 'invalid-request', message: 'API key not valid' },
    ],
    [
      'a proxy, HTML',
      502,
      '<html><body>Bad Gateway</body></html>',
      { kind: 'unavailable', status: 502, message: 'The provider answered with status 502' },
    ],
    ['nothing', 503, '', { kind: 'overloaded', status: 503 }],
    ['plain text', 500, 'Internal Server Error', { kind: 'upstream', message: 'Internal Server Error' }],
  ];
  for (const [who, status, body, expected] of cases)
    it(`are understood from ${who}`, () => {
      expect(openai.decode(status, body)).toMatchObject({ status, ...expected });
    });

  it('are quoted only so far', () => {
    expect(openai.decode(500, 'x'.repeat(10_000)).message.length).toBeLessThan(600);
  });
});

describe('error answers of Anthropic', () => {
  it('are understood by their types', () => {
    const of = (type: string, status: number) =>
      anthropic.decode(
        status,
        JSON.stringify({ type: 'error', error: { type, message: 'why' }, request_id: 'r' }),
      );
    expect(of('overloaded_error', 529)).toEqual({
      kind: 'overloaded',
      status: 529,
      code: 'overloaded_error',
      message: 'why',
    });
    expect(of('rate_limit_error', 429).kind).toBe('rate-limit');
    expect(of('request_too_large', 413).kind).toBe('too-large');
    expect(of('not_found_error', 404).kind).toBe('not-found');
    expect(of('billing_error', 402).kind).toBe('permission');
    expect(anthropic.decode(502, '<html>').kind).toBe('unavailable');
  });
});

describe('errors for clients', () => {
  const error: CanonicalError = {
    kind: 'not-found',
    status: 404,
    code: 'model_not_found',
    message: 'No model "x"',
    param: 'model',
  };

  it('have the shape of the client’s API, a stable code and the request id', () => {
    expect(JSON.parse(openai.encode(error, 'req_9'))).toEqual({
      error: {
        message: 'No model "x"',
        type: 'invalid_request_error',
        param: 'model',
        code: 'model_not_found',
        request_id: 'req_9',
      },
    });
    expect(JSON.parse(anthropic.encode(error, 'req_9'))).toEqual({
      type: 'error',
      error: { type: 'not_found_error', message: 'No model "x"', code: 'model_not_found', param: 'model' },
      request_id: 'req_9',
    });
  });

  it('say to clients of Anthropic’s API that it is about money, whoever wants it', () => {
    const { type } = (
      JSON.parse(
        anthropic.encode(openai.decode(402, '{"error":{"message":"Insufficient Balance"}}'), 'r'),
      ) as { error: { type: string } }
    ).error;
    expect(type).toBe('billing_error');
  });

  it('are events in streams', () => {
    expect(openai.encodeInStream(error, 'r')).toMatch(/^data: \{"error":.*\}\n\n$/);
    expect(anthropic.encodeInStream(error, 'r')).toMatch(/^event: error\ndata: \{"type":"error",.*\}\n\n$/);
  });

  it('keep their kind when another gateway of this sort reads them', () => {
    const kinds: ErrorKind[] = [
      'invalid-request',
      'authentication',
      'permission',
      'not-found',
      'too-large',
      'rate-limit',
      'overloaded',
      'timeout',
    ];
    const statuses = [400, 401, 403, 404, 413, 429, 503, 504];
    kinds.forEach((kind, i) => {
      for (const { error: codec } of formats) {
        const sent = codec.encode({ kind, status: statuses[i]!, code: 'some_code', message: 'm' }, 'r');
        expect(codec.decode(statuses[i]!, sent)).toMatchObject({ kind, code: 'some_code', message: 'm' });
      }
    });
  });
});

describe('an error codec', () => {
  it('never throws, whatever the body is', () => {
    fc.assert(
      // 498 is Cohere's word for input that it blocks, which is a 400 to everybody else.
      fc.property(
        fc.integer({ min: 400, max: 599 }).filter((status) => status !== 498),
        fc.oneof(fc.string(), fc.json()),
        (status, body) => {
          for (const { error } of formats)
            expect(error.decode(status, body)).toMatchObject({
              status,
              message: expect.any(String),
              code: expect.any(String),
            });
        },
      ),
      { numRuns: 500 },
    );
  });
});
