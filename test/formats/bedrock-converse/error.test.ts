import type { CanonicalError, ErrorKind } from '@headgate/sdk';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bedrock, messagesOf } from './harness.js';

const codec = bedrock.error;

describe('error answers of Bedrock', () => {
  const cases: [string, number, string, Partial<CanonicalError>][] = [
    [
      'the type is only in a header',
      429,
      '{"message":"Too many requests, please wait before trying again."}',
      {
        kind: 'rate-limit',
        code: 'upstream_error',
        message: 'Too many requests, please wait before trying again.',
      },
    ],
    [
      'the type is a shape id',
      400,
      '{"__type":"com.amazon.coral.service#ThrottlingException","message":"slow"}',
      { kind: 'rate-limit', status: 400, code: 'ThrottlingException' },
    ],
    ['validation', 400, '{"__type":"ValidationException","message":"bad"}', { kind: 'invalid-request' }],
    [
      'no access',
      403,
      '{"message":"User: arn:aws:iam::1:user/a is not authorized to perform: bedrock:InvokeModel"}',
      { kind: 'permission' },
    ],
    [
      'a wrong token',
      403,
      '{"message":"The security token included in the request is invalid."}',
      { kind: 'authentication' },
    ],
    [
      'a wrong signature',
      403,
      '{"Message":"The request signature we calculated does not match"}',
      { kind: 'authentication' },
    ],
    ['a wrong API key', 403, '{"Message":"Invalid API Key format"}', { kind: 'authentication' }],
    ['no such model', 404, '{"__type":"ResourceNotFoundException","message":"no"}', { kind: 'not-found' }],
    ['a model time-out', 408, '{"message":"Model has timed out"}', { kind: 'timeout' }],
    [
      'a model error',
      424,
      '{"message":"Model failed","originalStatusCode":500}',
      { kind: 'upstream', status: 424 },
    ],
    [
      'a model that wakes up',
      429,
      '{"__type":"ModelNotReadyException","message":"wait"}',
      { kind: 'overloaded' },
    ],
    ['a quota', 400, '{"__type":"ServiceQuotaExceededException","message":"quota"}', { kind: 'rate-limit' }],
    ['an internal error', 500, '{"__type":"InternalServerException"}', { kind: 'upstream' }],
    ['no service', 503, '{"__type":"ServiceUnavailableException","message":"later"}', { kind: 'overloaded' }],
    [
      'a proxy',
      502,
      '<html>Bad Gateway</html>',
      { kind: 'unavailable', message: 'The provider answered with status 502' },
    ],
    ['nothing', 413, '', { kind: 'too-large' }],
    ['an empty object', 500, '{}', { kind: 'upstream', message: '{}' }],
  ];
  for (const [what, status, body, expected] of cases)
    it(`are understood when it is ${what}`, () => {
      expect(codec.decode(status, body)).toMatchObject({ status, ...expected });
    });

  it('never make the codec throw', () => {
    fc.assert(
      fc.property(fc.integer({ min: 400, max: 599 }), fc.oneof(fc.string(), fc.json()), (status, body) => {
        expect(codec.decode(status, body)).toMatchObject({ status, kind: expect.any(String) });
      }),
    );
  });
});

describe('errors for clients of Converse', () => {
  const error: CanonicalError = {
    kind: 'rate-limit',
    status: 429,
    code: 'slow_down',
    message: 'Wait',
    param: 'model',
  };

  it('name a type that AWS’s SDKs know, and leave `code` alone, which they would take for it', () => {
    const body = JSON.parse(codec.encode(error, 'req_9')) as Record<string, unknown>;
    expect(body).toEqual({
      __type: 'ThrottlingException',
      message: 'Wait',
      errorCode: 'slow_down',
      requestId: 'req_9',
      param: 'model',
    });
  });

  it('are exceptions in streams', () => {
    expect(messagesOf(codec.encodeInStream(error, 'r') as Uint8Array)).toEqual([
      [
        'exception:throttlingException',
        { message: 'Wait', errorCode: 'slow_down', requestId: 'r', param: 'model' },
      ],
    ]);
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
      ['upstream', 502],
    ];
    for (const [kind, status] of kinds) {
      const sent = codec.encode({ kind, status, code: 'some_code', message: 'm' }, 'r');
      expect(codec.decode(status, sent)).toMatchObject({ kind, code: 'some_code', message: 'm' });
    }
  });
});
