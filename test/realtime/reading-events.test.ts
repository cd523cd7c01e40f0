import { TOKEN_COUNTS } from '@headgate/sdk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { costNano } from '../../core/catalog/prices/cost.js';
import { PriceTable } from '../../core/catalog/prices/price-table.js';
import { geminiLive } from '../../plugins/formats/gemini/live.js';
import { openaiRealtime } from '../../plugins/formats/openai-realtime/index.js';
import { eventType } from '../../plugins/formats/shared/event-type.js';
import { cachedAudioOf, splitByCache, usageWithDetails } from '../../plugins/formats/shared/token-details.js';

const bytes = (value: unknown): Buffer =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));

describe('the type of an event', () => {
  it.each([
    ['first', '{"type":"response.done","event_id":"e"}', 'response.done'],
    ['after the id', '{ "event_id" : "e_1" , "type" : "response.done" }', 'response.done'],
    ['after numbers and words', '{"n":-1.5E+3,"b":true,"z":null,"type":"a"}', 'a'],
    ['behind an object', '{"response":{"type":"x"},"type":"response.done"}', 'response.done'],
    ['behind a text with escapes', '{"a":"\\"type\\":\\"x\\"","type":"y"}', 'y'],
    ['not there', '{"a":"type","b":1}', ''],
    ['not a text', '{"type":1}', ''],
    ['of no object', '["type"]', ''],
    ['of nothing', '', ''],
    ['of broken JSON', '{"type', ''],
  ])('is read when it is %s', (_, text, type) => {
    expect(eventType(bytes(text))).toBe(type);
  });

  it('is what a parser reads, for every event', () => {
    const member = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.integer(),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
      fc.record({ type: fc.string() }),
      fc.array(fc.string()),
    );
    const event = fc.tuple(
      fc.dictionary(fc.string(), member),
      fc.stringMatching(/^[a-z_.]{1,30}$/),
      fc.boolean(),
    );
    fc.assert(
      fc.property(event, fc.constantFrom(0, 2), ([more, type, first], indent) => {
        const { type: _, ...rest } = more;
        const whole = first ? { type, ...rest } : { ...rest, type };
        expect(eventType(bytes(JSON.stringify(whole, null, indent)))).toBe(type);
      }),
    );
  });

  it('is read of every beginning of an event without a complaint', () => {
    const whole = bytes('{"event_id":"e","type":"response.create","setup":{"model":"m"}}');
    const setup = bytes('{"setup":{"model":"models/m"}}');
    for (let end = 0; end <= whole.length; end++) {
      expect(() => eventType(whole.subarray(0, end))).not.toThrow();
      expect(() => geminiLive.socket?.modelPath(setup.subarray(0, end))).not.toThrow();
    }
  });

  it('is never made up from bytes that are no JSON', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (noise) => {
        expect(eventType(Buffer.from(noise))).toBeTypeOf('string');
        expect(() => geminiLive.socket?.modelPath(Buffer.from(noise))).not.toThrow();
      }),
    );
  });
});

describe('usage of a response', () => {
  const price = PriceTable.load().find('openai', 'gpt-realtime');
  if (price === null) throw new Error('there is no price');

  it('is billed with cached and fresh audio apart', () => {
    // A long talk: nearly all audio comes from the cache.
    const raw = {
      input_tokens: 1300,
      output_tokens: 100,
      input_token_details: {
        text_tokens: 300,
        audio_tokens: 1000,
        cached_tokens: 1100,
        cached_tokens_details: { text_tokens: 200, audio_tokens: 900 },
      },
      output_token_details: { text_tokens: 20, audio_tokens: 80 },
    };
    const parts = splitByCache(usageWithDetails(raw), cachedAudioOf(raw) ?? 0);
    const total = parts.reduce((sum, part) => sum + costNano(price, part), 0);
    expect(total).toBe(100 * 4_000 + 100 * 32_000 + 1100 * 400 + 20 * 16_000 + 80 * 64_000);
  });

  it('is the same in sum when it is split', () => {
    const tokens = fc.nat(10_000);
    fc.assert(
      fc.property(
        fc.record({ input: tokens, cached: tokens, audio: tokens, cachedAudio: tokens }),
        (given) => {
          const usage = usageWithDetails({
            input_tokens: given.input + given.cached + given.audio,
            input_token_details: { cached_tokens: given.cached, audio_tokens: given.audio },
          });
          const parts = splitByCache(usage, given.cachedAudio);
          for (const kind of ['inputTokens', 'cacheReadTokens', 'inputAudioTokens', 'outputTokens'] as const)
            expect(parts.reduce((sum, part) => sum + part[kind], 0)).toBe(usage[kind]);
          for (const part of parts)
            expect(Math.min(...TOKEN_COUNTS.map((kind) => part[kind]))).toBeGreaterThanOrEqual(0);
        },
      ),
    );
  });
});

describe('the reader of a realtime session', () => {
  const readerOf = () => openaiRealtime.socket?.reader() ?? expect.unreachable();
  const transcript = (usage: object): Buffer =>
    bytes({ type: 'conversation.item.input_audio_transcription.completed', transcript: 'Hi', usage });

  it('bills a transcript by the model that was set up for it', () => {
    const reader = readerOf();
    const audio = { input: { transcription: { model: 'gpt-4o-transcribe' } } };
    reader.provider(bytes({ type: 'session.updated', session: { type: 'realtime', audio } }));
    const usage = {
      type: 'tokens',
      input_tokens: 38,
      input_token_details: { audio_tokens: 28 },
      output_tokens: 10,
    };
    expect(reader.provider(transcript(usage))).toMatchObject({
      what: 'used',
      model: 'gpt-4o-transcribe',
      ends: false,
      usages: [{ inputTokens: 38, inputAudioTokens: 28, outputTokens: 10 }],
    });
  });

  it('knows the older spelling of the set-up', () => {
    const reader = readerOf();
    const session = { input_audio_transcription: { model: 'gpt-4o-mini-transcribe' } };
    reader.provider(bytes({ type: 'session.created', session }));
    expect(reader.provider(transcript({ type: 'tokens', input_tokens: 1, output_tokens: 1 }))).toMatchObject({
      model: 'gpt-4o-mini-transcribe',
    });
  });

  it('takes a transcript for an answer where there are no others', () => {
    const reader = readerOf();
    reader.provider(bytes({ type: 'session.created', session: { type: 'transcription' } }));
    expect(reader.provider(transcript({ type: 'duration', seconds: 3.25 }))).toMatchObject({
      what: 'used',
      usages: [{ inputTokens: 0, units: { inputAudioMs: 3250 } }],
      model: null,
      ends: true,
    });
  });

  it.each([
    ['audio', { type: 'response.output_audio.delta', delta: 'A'.repeat(50_000) }],
    ['a text about it', { type: 'response.output_text.delta', delta: '{"type":"response.done"}' }],
    ['a transcript without usage', { type: 'conversation.item.input_audio_transcription.completed' }],
  ])('passes %s by', (_, event) => {
    expect(readerOf().provider(bytes(event))).toBeNull();
  });

  it('counts an answer that failed before it used anything', () => {
    expect(
      readerOf().provider(bytes({ type: 'response.done', response: { status: 'failed', usage: null } })),
    ).toEqual({
      what: 'used',
      usages: [],
      model: null,
      ends: true,
    });
  });
});
