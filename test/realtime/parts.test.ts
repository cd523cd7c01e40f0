import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalError } from '../../core/errors.js';
import { codeOf, passedOn, reasonText } from '../../core/realtime/close-code.js';
import { readHandshake } from '../../core/realtime/handshake.js';
import { findModel, renameModel } from '../../core/realtime/model-in-message.js';
import { upstreamAddress } from '../../core/realtime/upstream-address.js';
import { openaiRealtime } from '../../plugins/formats/openai-realtime/index.js';

describe('a close', () => {
  it('passes what may be said on the wire, and nothing else', () => {
    for (let code = 0; code < 5100; code++) {
      const sent = passedOn(code, 1001);
      const sayable =
        (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code < 5000);
      expect(sent).toBe(code === 1005 ? undefined : sayable ? code : 1001);
    }
  });

  it.each([
    ['gateway_stopping', 1001],
    ['session_idle', 1001],
    ['message_too_large', 1009],
    ['provider_message_too_large', 1009],
    ['stream_interrupted', 1011],
    ['model_not_found', 1008],
    ['key_expired', 1008],
  ] as const)('says %s with %d', (code, wanted) => {
    expect(codeOf(canonicalError(code))).toBe(wanted);
  });

  it('has a reason of whole characters that fits', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
        const reason = reasonText(text);
        expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(123);
        expect(Buffer.from(text).subarray(0, Buffer.byteLength(reason)).toString()).toBe(reason);
      }),
    );
  });
});

describe('the address at a provider', () => {
  it.each([
    ['/v1/realtime?model=gpt', [], '/v1/realtime?model=gpt'],
    ['/v1/realtime?model=', [['call_id', 'rtc_1']], '/v1/realtime?call_id=rtc_1'],
    ['/v1/realtime?model=', [], '/v1/realtime'],
    ['/o?api-version=1&deployment=d', [['intent', 'a b']], '/o?api-version=1&deployment=d&intent=a%20b'],
  ] as const)('%s with %j is %s', (path, query, wanted) => {
    expect(upstreamAddress(path, query)).toBe(wanted);
  });
});

describe('an opening request', () => {
  const handshake = openaiRealtime.socket?.handshake ?? expect.unreachable();

  it('has its own header before a subprotocol, and shows no key of the latter', () => {
    const headers = [
      'authorization',
      'Bearer own',
      'sec-websocket-protocol',
      'realtime,openai-insecure-api-key.other',
    ];
    const read = readHandshake(handshake, headers, 'model=m&intent=transcription&x=1');
    expect(read.headers).toEqual(['authorization', 'Bearer own', 'sec-websocket-protocol', 'realtime']);
    expect(read).toMatchObject({ model: 'm', protocol: 'realtime', query: [['intent', 'transcription']] });
  });

  it('agrees to no subprotocol that was not offered', () => {
    expect(readHandshake(handshake, [], '').protocol).toBe('');
    expect(readHandshake(handshake, ['sec-websocket-protocol', 'graphql-ws'], '').protocol).toBe('');
  });
});

describe('the model in a message', () => {
  it('is found and renamed where it is, for every message', () => {
    const inside = fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 });
    fc.assert(
      fc.property(
        inside,
        inside,
        fc.string({ minLength: 1 }),
        fc.string({ minLength: 1 }),
        (a, b, model, name) => {
          fc.pre(![a, b].some((one) => Object.keys(one).some((key) => /^(setup|model)$/i.test(key))));
          const bytes = Buffer.from(JSON.stringify({ ...a, setup: { ...b, model } }));
          const message = JSON.parse(bytes.toString()) as { setup: object };
          const found = findModel(bytes, ['setup', 'model']);
          if (typeof found === 'string') return expect.unreachable(found);
          expect(found.model).toBe(model);
          expect(JSON.parse(renameModel(bytes, found, name).toString())).toEqual({
            ...message,
            setup: { ...message.setup, model: name },
          });
        },
      ),
    );
  });

  it.each([
    ['{"setup":{"model":"a"},"setup":{"model":"b"}}', 'twice'],
    ['{"setup":{"model":"a","Model":"b"}}', 'twice'],
    ['{"setup":{"x":1}}', 'none'],
    ['{"setup":[]}', 'none'],
    ['{"setup":{"model":1}}', 'none'],
    ['{"setup":', 'none'],
    ['', 'none'],
  ])('%s has %s', (text, wanted) => {
    expect(findModel(Buffer.from(text), ['setup', 'model'])).toBe(wanted);
  });
});
