import type { CanonicalError } from '@headgate/sdk';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ollamaChat } from '../../../plugins/formats/ollama-chat/index.js';
import { ollamaGenerate } from '../../../plugins/formats/ollama-generate/index.js';
import { decodeStream } from '../harness.js';

const { error, meter } = ollamaChat;

describe('error answers of Ollama', () => {
  const cases: [number, string, Partial<CanonicalError>][] = [
    [400, '{"error":"missing request body"}', { kind: 'invalid-request', message: 'missing request body' }],
    [401, '{"error":"unauthorized","signin_url":"https://ollama.com/connect"}', { kind: 'authentication' }],
    [402, '{"error":"upgrade"}', { kind: 'permission' }],
    [404, '{"error":"model \'x\' not found"}', { kind: 'not-found', code: 'model_not_found' }],
    [413, '{"error":"too large"}', { kind: 'too-large' }],
    [429, '{"error":"too many requests"}', { kind: 'rate-limit' }],
    [500, '{"error":"the model failed to generate a response"}', { kind: 'upstream' }],
    [
      503,
      '{"error":"server busy, please try again.  maximum pending requests exceeded"}',
      { kind: 'overloaded' },
    ],
    [502, '<html>', { kind: 'unavailable', message: 'The provider answered with status 502' }],
    [500, '', { kind: 'upstream' }],
    [400, '{"error":{"message":"of a relative"}}', { message: 'of a relative' }],
  ];
  for (const [status, body, expected] of cases)
    it(`of status ${status} are understood from ${body.slice(0, 40) || 'nothing'}`, () => {
      expect(error.decode(status, body)).toMatchObject({ status, ...expected });
    });

  it('are written in its shape, whole and as a line', () => {
    const one: CanonicalError = {
      kind: 'rate-limit',
      status: 429,
      code: 'slow',
      message: 'no\nmore',
      param: 'p',
    };
    const json = { error: 'no\nmore', code: 'slow', param: 'p', request_id: 'req_9' };
    expect(JSON.parse(error.encode(one, 'req_9'))).toEqual(json);
    expect(error.encodeInStream(one, 'req_9')).toBe(`${JSON.stringify(json)}\n`);
  });

  it('never fail to be read, whatever the body is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 400, max: 599 }), fc.oneof(fc.string(), fc.json()), (status, body) => {
        const read = error.decode(status, body);
        expect(read.status).toBe(status);
        expect(read.message).not.toBe('');
      }),
    );
  });

  it('have a status of their own inside a stream', () => {
    const of = (line: string) => decodeStream(ollamaChat.id, [line]);
    expect(of('{"error":"busy","status":503}')).toMatchObject([
      { type: 'error', error: { kind: 'overloaded', status: 503, message: 'busy' } },
    ]);
    expect(of('{"error":"broken"}')).toMatchObject([{ error: { kind: 'upstream', status: 502 } }]);
  });
});

const line = (text: string, more = '"done":false'): string =>
  `{"model":"m","created_at":"2023-08-04T08:52:19Z","message":{"role":"assistant","content":${JSON.stringify(text)}},${more}}\n`;
const DONE = line(
  '',
  '"done":true,"done_reason":"stop","total_duration":10,"prompt_eval_count":26,"prompt_eval_duration":5,"eval_count":259,"eval_duration":4',
);
/** The model calls a tool with arguments that look like the end of an answer. */
const TRAP =
  '{"model":"m","message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":"f","arguments":{"done":true,"eval_count":7,"error":"no"}}}]},"done":false}\n';

describe('the meter of Ollama', () => {
  it('reads the counts at the top of an answer only', () => {
    const body =
      '{"model":"m","message":{"tool_calls":[{"function":{"arguments":{"eval_count":7}}}]},"prompt_eval_count": 26, "eval_count": 259}';
    expect(meter?.body(Buffer.from(body))).toMatchObject({ inputTokens: 26, outputTokens: 259 });
    expect(meter?.body(Buffer.from(TRAP))).toBeNull();
    expect(meter?.body(Buffer.from('{"eval_count":3}'))).toMatchObject({ inputTokens: 0, outputTokens: 3 });
    for (const other of ['', '<html>', '{"error":"x"}', '{"eval_count"'])
      expect(meter?.body(Buffer.from(other))).toBeNull();
  });

  it('sees the start, the end and the usage of a passing stream, and changes nothing', () => {
    const stream = meter!.stream({ strip: true });
    for (const [text, started, finished] of [
      [line(''), false, false],
      [line('"done":true'), true, false],
      [TRAP, true, false],
      [DONE, true, true],
    ] as const) {
      const lines = Buffer.from(text);
      expect(stream.push(lines)).toBe(lines);
      expect([stream.started, stream.finished]).toEqual([started, finished]);
    }
    expect(stream.usage()).toMatchObject({ inputTokens: 26, outputTokens: 259 });
    expect(stream.failed).toBe(false);
  });

  it('sees all of it in one piece too, however lines end', () => {
    for (const eol of ['\n', '\r\n', ''])
      for (const trap of [TRAP, '']) {
        const stream = meter!.stream({ strip: false });
        stream.push(Buffer.from(`${line('a')}${trap}${DONE.trim()}${eol}`));
        expect([stream.started, stream.finished, stream.failed]).toEqual([true, true, false]);
        expect(stream.usage()).toMatchObject({ inputTokens: 26, outputTokens: 259 });
      }
  });

  it('starts with thinking, a tool call or generated text', () => {
    for (const chunk of [
      '{"message":{"content":"","thinking":"hm"},"done":false}',
      TRAP,
      '{"response":"a","done":false}',
    ]) {
      const stream = ollamaGenerate.meter!.stream({ strip: false });
      stream.push(Buffer.from(chunk));
      expect(stream.started).toBe(true);
    }
  });

  it('knows an answer that failed in the middle', () => {
    const stream = meter!.stream({ strip: false });
    stream.push(Buffer.from(`${line('a')}{"error":"an error was encountered while running the model"}\n`));
    expect([stream.failed, stream.finished]).toEqual([true, false]);
    expect(stream.usage()).toBeNull();
  });

  it('says the same as the codec of any answer that was encoded', () => {
    fc.assert(
      fc.property(fc.nat(9_999_999), fc.nat(9_999_999), fc.string(), (input, output, text) => {
        const body = {
          model: 'm',
          message: { content: text },
          done: true,
          prompt_eval_count: input,
          eval_count: output,
        };
        expect(meter?.body(Buffer.from(JSON.stringify(body)))).toEqual(
          ollamaChat.response!.decode(body).usage,
        );
      }),
    );
  });
});

describe('the cap on output tokens', () => {
  const cap = (options: string | undefined) =>
    ollamaChat.maxOutputTokens!({ json: (name) => (name === 'options' ? options : undefined) });

  it('is num_predict, unless that is none', () => {
    expect(cap('{"num_predict":100,"stop":["}"]}')).toBe(100);
    for (const options of [undefined, 'null', '[]', '{}', '{"num_predict":-1}', '{"num_predict":"9"}', '{'])
      expect(cap(options)).toBeUndefined();
  });
});
