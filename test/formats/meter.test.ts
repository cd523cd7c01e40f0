import type { JsonObject, StreamMeter, Usage } from '@headgate/sdk';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anthropicUsageFrom, hasAnthropicCounts } from '../../plugins/formats/anthropic-messages/usage.js';
import { hasOpenaiCounts, openaiUsageFrom } from '../../plugins/formats/shared/openai-usage.js';
import { json, text } from './generate/json.js';
import { format } from './harness.js';

const OPENAI = ['openai-chat', 'openai-completions', 'openai-embeddings'];
const METERED = [...OPENAI, 'anthropic-messages'];

function meter(id: string) {
  return format(id).meter!;
}

function feed(stream: StreamMeter, chunks: string[]): string {
  return chunks.map((chunk) => stream.push(Buffer.from(chunk)).toString()).join('');
}

const openaiUsage = fc.record({
  prompt_tokens: fc.nat(1e6),
  completion_tokens: fc.nat(1e6),
  total_tokens: fc.nat(1e6),
  prompt_tokens_details: fc.record({ cached_tokens: fc.nat(1e5), audio_tokens: fc.nat(10) }),
  completion_tokens_details: fc.record({ reasoning_tokens: fc.nat(1e4) }),
});
const anthropicUsage = fc.record({
  input_tokens: fc.nat(1e6),
  output_tokens: fc.nat(1e6),
  cache_creation_input_tokens: fc.nat(1e5),
  cache_read_input_tokens: fc.nat(1e5),
});
/** Texts made to look like usage once they are escaped into JSON. */
const hostile = fc.oneof(
  fc.constantFrom(
    '"usage":{"prompt_tokens":9,"input_tokens":9}',
    ',"usage":{',
    'usage',
    '\\"usage\\":{}',
    '{"usage":{"prompt_tokens":7,"output_tokens":7}}}',
  ),
  text,
);
const nested = fc.record({ usage: fc.oneof(openaiUsage, anthropicUsage, hostile), note: hostile });

function reference(id: string, body: JsonObject): Usage | null {
  const usage = body['usage'];
  if (typeof usage !== 'object' || usage === null || Array.isArray(usage)) return null;
  if (id === 'anthropic-messages') return hasAnthropicCounts(usage) ? anthropicUsageFrom(usage) : null;
  return hasOpenaiCounts(usage) ? openaiUsageFrom(usage) : null;
}

describe('the meter of a whole answer', () => {
  for (const id of METERED)
    it(`finds in ${id} what JSON.parse finds, wherever it stands and whatever stands around it`, () => {
      const member = fc.oneof(
        fc.tuple(
          fc.constantFrom('id', 'choices', 'content', 'x', 'last'),
          fc.oneof(hostile, nested, fc.array(nested, { maxLength: 2 }), json),
        ),
        fc.tuple(
          fc.constant('usage'),
          fc.oneof(openaiUsage, anthropicUsage, fc.constant(null), fc.constant({})),
        ),
      );
      fc.assert(
        fc.property(
          fc.array(member, { maxLength: 6 }),
          fc.constantFrom(undefined, 1, '\t'),
          (members, indent) => {
            const body = Object.fromEntries(members) as JsonObject;
            const found = meter(id).body(Buffer.from(JSON.stringify(body, null, indent)));
            expect(found).toEqual(reference(id, body));
          },
        ),
        { numRuns: 500 },
      );
    });

  it('never throws on bytes that are no JSON', () => {
    const noise = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc
        .string({ unit: fc.constantFrom('"usage"', ':', '{', '}', '"', '\\', ',', '1', ' ', '[', ']') })
        .map((s) => Buffer.from(s)),
    );
    fc.assert(
      fc.property(noise, (bytes) => {
        for (const id of METERED) {
          meter(id).body(Buffer.from(bytes));
          const stream = meter(id).stream({ strip: true });
          stream.push(Buffer.from(bytes));
          stream.usage();
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('passes over any number of namesakes deeper in the document', () => {
    const items = Array.from({ length: 20_000 }, () => ({
      usage: USAGE,
      nested: { usage: { prompt_tokens: 1 } },
    }));
    expect(meter('openai-chat').body(Buffer.from(JSON.stringify({ items })))).toBeNull();
    const found = meter('openai-chat').body(Buffer.from(JSON.stringify({ usage: USAGE, items })));
    expect(found?.inputTokens).toBe(10);
  });

  it('reads an embedding of many megabytes from its end', () => {
    const vector = `{"object":"embedding","index":0,"embedding":[${'0.0123456789,'.repeat(400_000)}1]}`;
    const body = Buffer.from(
      `{"object":"list","data":[${vector}],"model":"e","usage":{"prompt_tokens":8,"total_tokens":8}}`,
    );
    expect(meter('openai-embeddings').body(body)?.inputTokens).toBe(8);
  });
});

const chunk = (members: JsonObject): string =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', ...members })}\n\n`;
const delta = (content: string, finish: string | null = null, usage: JsonObject | null = null): string =>
  chunk({ choices: [{ index: 0, delta: { content }, finish_reason: finish }], usage });
const USAGE = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
const USAGE_ONLY = chunk({ choices: [], usage: USAGE });
const DONE = 'data: [DONE]\n\n';

describe('the meter of an OpenAI stream', () => {
  it('reads usage, start and end of a plain stream', () => {
    const stream = meter('openai-chat').stream({ strip: false });
    const first = chunk({
      choices: [{ index: 0, delta: { role: 'assistant', content: '', refusal: null }, finish_reason: null }],
      usage: null,
    });
    expect(feed(stream, [first])).toBe(first);
    expect([stream.started, stream.finished, stream.usage()]).toEqual([false, false, null]);
    feed(stream, [delta('Hi')]);
    expect([stream.started, stream.finished]).toEqual([true, false]);
    feed(stream, [delta('', 'stop')]);
    expect(stream.finished).toBe(true);
    expect(feed(stream, [USAGE_ONLY, DONE])).toBe(USAGE_ONLY + DONE);
    expect(stream.usage()).toMatchObject({ inputTokens: 10, outputTokens: 5 });
  });

  it('strips exactly the usage event, in whatever groups events arrive', () => {
    const event = fc.oneof(
      hostile.map((content) => delta(content)),
      hostile.map((content) => delta(content, null, USAGE)),
      hostile.map((content) => chunk({ choices: [], error: content })),
      fc.constantFrom(
        ': keep-alive\n\n',
        delta('x', 'stop'),
        chunk({ choices: [], prompt_filter_results: [] }),
        chunk({ choices: [], usage: null }),
      ),
    );
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 8 }),
        fc.boolean(),
        fc.array(fc.nat(3), { maxLength: 12 }),
        fc.constantFrom('\n', '\r\n'),
        (events, ask, groups, eol) => {
          const all = ask ? [...events, USAGE_ONLY, DONE] : [...events, DONE];
          const wire = all.map((one) => one.replaceAll('\n', eol));
          const grouped: string[] = [];
          for (let i = 0, g = 0; i < wire.length; g++) {
            const take = (groups[g] ?? 0) + 1;
            grouped.push(wire.slice(i, i + take).join(''));
            i += take;
          }
          const stream = meter('openai-chat').stream({ strip: true });
          const kept = wire.filter((_, i) => all[i] !== USAGE_ONLY).join('');
          expect(feed(stream, grouped)).toBe(kept);
          expect(stream.finished).toBe(true);
          const used =
            ask || events.some((one) => JSON.stringify(one).includes('\\"usage\\":{\\"prompt_tokens\\":10'));
          expect(stream.usage() !== null).toBe(used);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('changes nothing when it is not told to strip', () => {
    const stream = meter('openai-chat').stream({ strip: false });
    const buffer = Buffer.from(delta('a') + USAGE_ONLY + DONE);
    expect(stream.push(buffer)).toBe(buffer);
  });

  it('is not fooled by a model that writes about usage, finish reasons and the end', () => {
    const stream = meter('openai-chat').stream({ strip: true });
    const events = [
      delta('usage'),
      delta('finish_reason'),
      delta('"finish_reason":"stop"'),
      delta('data: [DONE]'),
      delta('[DONE]'),
      delta('"usage":{"prompt_tokens":1}'),
      delta('{"choices":[],"usage":{"prompt_tokens":1}}'),
    ];
    expect(feed(stream, events)).toBe(events.join(''));
    expect([stream.finished, stream.usage()]).toEqual([false, null]);
  });

  it("reads Groq's own member and DeepSeek's cache counts", () => {
    const groq = meter('openai-chat').stream({ strip: false });
    feed(groq, [
      chunk({
        choices: [{ index: 0, delta: {}, finish_reason: 'stop' }],
        x_groq: { id: 'req', usage: { queue_time: 0.1, ...USAGE } },
      }),
    ]);
    expect(groq.usage()).toMatchObject({ inputTokens: 10, outputTokens: 5 });
    const deepseek = meter('openai-chat').stream({ strip: false });
    feed(deepseek, [
      delta('', 'stop', { ...USAGE, prompt_cache_hit_tokens: 7, prompt_cache_miss_tokens: 3 }),
    ]);
    expect(deepseek.usage()).toMatchObject({ inputTokens: 10, cacheReadTokens: 7 });
  });

  it('takes the last of several usages, as servers that report them with every chunk mean it', () => {
    const stream = meter('openai-chat').stream({ strip: true });
    const growing = [1, 2, 3].map((n) =>
      delta('x', null, { prompt_tokens: 4, completion_tokens: n, total_tokens: 4 + n }),
    );
    expect(feed(stream, [growing.join('')])).toBe(growing.join(''));
    expect(stream.usage()?.outputTokens).toBe(3);
  });

  it('reads servers that put spaces into their JSON', () => {
    const stream = meter('openai-chat').stream({ strip: true });
    const spaced = 'data: {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4}}\n\n';
    expect(
      feed(stream, [
        'data: {"choices": [{"delta": {"content": "hi"}, "finish_reason": "stop"}]}\n\n',
        spaced,
      ]),
    ).not.toContain('usage');
    expect([stream.started, stream.finished, stream.usage()?.outputTokens]).toEqual([true, true, 4]);
  });

  it('knows text of the legacy API and tool calls as a start', () => {
    for (const event of [
      chunk({ choices: [{ index: 0, text: 'Hi', finish_reason: null }] }),
      chunk({ choices: [{ index: 0, delta: { tool_calls: [{ index: 0 }] } }] }),
      chunk({ choices: [{ index: 0, delta: { reasoning_content: 'hm' } }] }),
    ]) {
      const stream = meter('openai-completions').stream({ strip: false });
      feed(stream, [event]);
      expect(stream.started).toBe(true);
    }
  });
});

describe('the meter of an Anthropic stream', () => {
  const named = (type: string, members: JsonObject = {}): string =>
    `event: ${type}\ndata: ${JSON.stringify({ type, ...members })}\n\n`;
  const start = named('message_start', {
    message: {
      id: 'm',
      content: [],
      usage: {
        input_tokens: 25,
        cache_read_input_tokens: 100,
        cache_creation_input_tokens: 50,
        cache_creation: { ephemeral_5m_input_tokens: 20, ephemeral_1h_input_tokens: 30 },
        output_tokens: 1,
      },
    },
  });
  const says = (words: string): string =>
    named('content_block_delta', { index: 0, delta: { type: 'text_delta', text: words } });
  const end = named('message_delta', { delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 15 } });

  it('adds up the counts of the start and the end', () => {
    for (const chunks of [
      [start, says('Hi'), end, named('message_stop')],
      [start + says('Hi') + end + named('message_stop')],
    ]) {
      const stream = meter('anthropic-messages').stream({ strip: true });
      expect(feed(stream, chunks)).toBe(chunks.join(''));
      expect(stream.usage()).toMatchObject({
        inputTokens: 175,
        outputTokens: 15,
        cacheReadTokens: 100,
        cacheWriteTokens: 20,
        cacheWriteLongTokens: 30,
      });
      expect([stream.started, stream.finished]).toEqual([true, true]);
    }
  });

  it('lets the end correct the input that the start told', () => {
    const stream = meter('anthropic-messages').stream({ strip: false });
    feed(stream, [
      start,
      named('message_delta', {
        delta: {},
        usage: {
          input_tokens: 30,
          cache_read_input_tokens: 100,
          cache_creation_input_tokens: 50,
          output_tokens: 9,
        },
      }),
    ]);
    expect(stream.usage()).toMatchObject({ inputTokens: 180, outputTokens: 9 });
  });

  it('is not fooled by a model that writes about the end of a message', () => {
    const stream = meter('anthropic-messages').stream({ strip: false });
    feed(stream, [
      start,
      says('message_stop'),
      says('"type":"message_stop"'),
      says('event: message_stop'),
      says('usage'),
    ]);
    expect(stream.finished).toBe(false);
    expect(stream.usage()?.outputTokens).toBe(1);
  });

  it('has not started before the first delta, and pings may come first', () => {
    const stream = meter('anthropic-messages').stream({ strip: false });
    feed(stream, [
      named('ping'),
      start,
      named('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
    ]);
    expect(stream.started).toBe(false);
  });
});
