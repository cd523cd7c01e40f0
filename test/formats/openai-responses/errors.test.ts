import type { CanonicalError, ErrorKind } from '@headgate/sdk';
import { describe, expect, it } from 'vitest';
import { openaiResponses } from '../../../plugins/formats/openai-responses/index.js';
import { decodeStream } from '../harness.js';

const { error } = openaiResponses;

describe('an error answer', () => {
  const cases: [string, number, string, Partial<CanonicalError>][] = [
    [
      'a wrong key',
      401,
      '{"error":{"message":"Incorrect API key","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}',
      { kind: 'authentication', code: 'invalid_api_key' },
    ],
    [
      'a wrong field',
      400,
      '{"error":{"message":"Missing","type":"invalid_request_error","param":"input[0].content","code":"missing_required_parameter"}}',
      { kind: 'invalid-request', code: 'missing_required_parameter', param: 'input[0].content' },
    ],
    [
      'an unknown earlier answer',
      404,
      '{"error":{"message":"Previous response with id \'resp_1\' not found.","type":"invalid_request_error","param":"previous_response_id","code":"previous_response_not_found"}}',
      { kind: 'not-found', code: 'previous_response_not_found', param: 'previous_response_id' },
    ],
    [
      'too many requests',
      429,
      '{"error":{"message":"Rate limit reached","type":"requests","param":null,"code":"rate_limit_exceeded"}}',
      { kind: 'rate-limit', code: 'rate_limit_exceeded' },
    ],
    ['a proxy’s page', 502, '<html>Bad Gateway</html>', { kind: 'unavailable', code: 'upstream_error' }],
    ['nothing', 503, '', { kind: 'overloaded' }],
  ];
  for (const [what, status, body, expected] of cases)
    it(`is understood: ${what}`, () => {
      expect(error.decode(status, body)).toMatchObject({ status, ...expected });
    });
});

describe('an error in a stream', () => {
  const sample: CanonicalError = {
    kind: 'not-found',
    status: 404,
    code: 'model_not_found',
    message: 'No model',
    param: 'model',
  };

  it('has the documented members, and those that SDKs throw', () => {
    const text = String(error.encodeInStream(sample, 'req_9'));
    expect(text).toMatch(/^event: error\ndata: .*\n\n$/);
    expect(JSON.parse(text.split('data: ')[1]!)).toEqual({
      type: 'error',
      code: 'model_not_found',
      message: 'No model',
      param: 'model',
      sequence_number: 0,
      error: {
        message: 'No model',
        type: 'invalid_request_error',
        param: 'model',
        code: 'model_not_found',
        request_id: 'req_9',
      },
    });
  });

  it('keeps its kind when another gateway of this sort reads it', () => {
    const kinds: [ErrorKind, number][] = [
      ['authentication', 401],
      ['permission', 403],
      ['rate-limit', 429],
      ['overloaded', 503],
      ['timeout', 504],
    ];
    for (const [kind, status] of kinds) {
      const text = String(error.encodeInStream({ kind, status, code: 'some_code', message: 'm' }, 'r'));
      expect(decodeStream('openai-responses', [text.split('data: ')[1]!.trim()]).at(-1)).toMatchObject({
        type: 'error',
        error: { kind, status, code: 'some_code', message: 'm' },
      });
    }
  });
});
