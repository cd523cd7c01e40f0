import type { CanonicalError } from '@headgate/sdk';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cohereChat } from '../../../plugins/formats/cohere-chat/index.js';

const { error, meter } = cohereChat;

describe('error answers of Cohere', () => {
  const cases: [number, string, Partial<CanonicalError>][] = [
    [
      400,
      '{"id":"5f1d","message":"invalid request: temperature must be between 0 and 1.0 inclusive."}',
      {
        kind: 'invalid-request',
        message: 'invalid request: temperature must be between 0 and 1.0 inclusive.',
      },
    ],
    [401, '{"id":"1","message":"invalid api token"}', { kind: 'authentication' }],
    [402, '{"message":"billing limit reached"}', { kind: 'permission' }],
    [403, '{"message":"no access"}', { kind: 'permission' }],
    [404, '{"id":"1","message":"model \'x\' not found"}', { kind: 'not-found', code: 'model_not_found' }],
    [422, '{"id":"1","message":"message must be at least 1 token long"}', { kind: 'invalid-request' }],
    [429, '{"message":"You are using a Trial key"}', { kind: 'rate-limit' }],
    [498, '{"id":"1","message":"blocked output"}', { kind: 'content-filter', status: 400 }],
    [498, '', { kind: 'content-filter', status: 400 }],
    [500, '{"message":"internal server error"}', { kind: 'upstream' }],
    [503, '{"message":"unavailable"}', { kind: 'overloaded' }],
    [504, '', { kind: 'timeout' }],
    [
      502,
      '<html>Bad Gateway</html>',
      { kind: 'unavailable', message: 'The provider answered with status 502' },
    ],
    [500, '{"error":{"message":"of a proxy"}}', { message: 'of a proxy' }],
  ];
  for (const [status, body, expected] of cases)
    it(`of status ${status} are understood from ${body.slice(0, 40) || 'nothing'}`, () => {
      expect(error.decode(status, body)).toMatchObject({ status, ...expected });
    });

  it('are written in its shape, with the code and the request id', () => {
    const one: CanonicalError = {
      kind: 'not-found',
      status: 404,
      code: 'model_not_found',
      message: 'No "x"',
      param: 'model',
    };
    expect(JSON.parse(error.encode(one, 'req_9'))).toEqual({
      id: 'req_9',
      message: 'No "x"',
      code: 'model_not_found',
      param: 'model',
    });
    expect(error.encodeInStream(one, 'req_9')).toBe(
      'event: message-end\ndata: {"type":"message-end","id":"req_9","code":"model_not_found","param":"model","delta":{"finish_reason":"ERROR","error":"No \\"x\\""}}\n\n',
    );
  });

  it('never fail to be read, whatever the body is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 400, max: 599 }), fc.oneof(fc.string(), fc.json()), (status, body) => {
        const read = error.decode(status, body);
        expect(read.message).not.toBe('');
        expect(read.status).toBeGreaterThanOrEqual(400);
      }),
    );
  });
});

const USAGE =
  '{"billed_units":{"input_tokens":5,"output_tokens":26},"tokens":{"input_tokens":71,"output_tokens":27},"cached_tokens":64}';
const START =
  'event: message-start\ndata: {"type":"message-start","id":"1","delta":{"message":{"role":"assistant"}}}\n\n';
const TEXT =
  'event: content-delta\ndata: {"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"Hi"}}}}\n\n';
const CITATION =
  'event: citation-start\ndata: {"type":"citation-start","index":0,"delta":{"message":{"citations":{"sources":[{"type":"document","document":{"kind":"message-end","usage":{"tokens":{"input_tokens":9}}}}]}}}}\n\n';
const END = `event: message-end\ndata: {"type":"message-end","delta":{"finish_reason":"COMPLETE","usage":${USAGE}}}\n\n`;

describe('the meter of Cohere', () => {
  it('counts what is billed, and no more from the cache than that', () => {
    const body = Buffer.from(
      `{"id":"1","message":{"content":[{"type":"text","text":"\\"usage\\""}]},"usage":${USAGE}}`,
    );
    expect(meter?.body(body)).toMatchObject({ inputTokens: 5, outputTokens: 26, cacheReadTokens: 5 });
    expect(
      meter?.body(Buffer.from('{"usage":{"tokens":{"input_tokens":7,"output_tokens":1}}}')),
    ).toMatchObject({
      inputTokens: 7,
      outputTokens: 1,
    });
    expect(meter?.body(Buffer.from('{"usage":{}}'))).toBeNull();
    expect(meter?.body(Buffer.from('<html>'))).toBeNull();
  });

  it('sees the start, the end and the usage of a passing stream, and changes nothing', () => {
    const stream = meter!.stream({ strip: false });
    for (const [text, started, finished] of [
      [START, false, false],
      [TEXT, true, false],
      [CITATION, true, false],
      [END, true, true],
    ] as const) {
      const events = Buffer.from(text);
      expect(stream.push(events)).toBe(events);
      expect([stream.started, stream.finished]).toEqual([started, finished]);
    }
    expect(stream.usage()).toMatchObject({ inputTokens: 5, outputTokens: 26 });
    expect(stream.failed).toBe(false);
  });

  it('sees all of it in one piece too', () => {
    const stream = meter!.stream({ strip: true });
    stream.push(Buffer.from(START + TEXT + CITATION + END));
    expect([stream.started, stream.finished, stream.failed]).toEqual([true, true, false]);
    expect(stream.usage()).toMatchObject({ inputTokens: 5 });
  });

  it('reads the last event whatever the order of its members, and nothing of the event before', () => {
    const end = (delta: string): string =>
      `event: message-end\ndata: {"delta":${delta},"type":"message-end"}\n\n`;
    const stream = meter!.stream({ strip: false });
    stream.push(Buffer.from(CITATION + end(`{"finish_reason":"COMPLETE","usage":${USAGE}}`)));
    expect([stream.finished, stream.failed]).toEqual([true, false]);
    expect(stream.usage()).toMatchObject({ inputTokens: 5, outputTokens: 26 });
    const broken = meter!.stream({ strip: false });
    broken.push(Buffer.from(end('{"finish_reason":"ERROR","error":"broken"}')));
    expect(broken.failed).toBe(true);
    const silent = meter!.stream({ strip: false });
    silent.push(Buffer.from(CITATION + end('{"finish_reason":"COMPLETE"}')));
    expect(silent.usage()).toBeNull();
  });

  it('knows an answer that failed in the middle', () => {
    const stream = meter!.stream({ strip: false });
    stream.push(Buffer.from(START + TEXT));
    stream.push(
      Buffer.from('data: {"type":"message-end","delta":{"finish_reason":"ERROR","error":"broken"}}\n\n'),
    );
    expect(stream.failed).toBe(true);
    const other = meter!.stream({ strip: false });
    other.push(Buffer.from('data: {"message":"too many tokens"}\n\n'));
    expect([other.failed, other.finished]).toEqual([true, false]);
  });
});
