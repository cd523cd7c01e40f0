import { definePlugin, type SettledRecord } from '@headgate/sdk';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { detailOf } from '../../core/observe/settled-detail.js';
import { attemptSpan, traceOf } from '../../core/observe/trace-context.js';
import { decodeRecords, encodeRecords } from '../../core/store/record-codec.js';
import { startAnthropic } from '../fakes/anthropic.js';
import { startOpenAi } from '../fakes/openai.js';
import { embed, json } from '../gateway/embedded.js';

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const openai = await startOpenAi();
const anthropic = await startAnthropic();
const settled: SettledRecord[] = [];
const gateway = await embed({
  plugins: [
    definePlugin({
      name: 'records',
      version: '1.0.0',
      setup: () => ({ settled: (record) => void settled.push(record), request: () => undefined }),
    }),
  ],
  config: {
    providers: {
      openai: { base_url: `${openai.url}/v1`, keys: [{ value: 'sk-fake-openai-0123456789' }] },
      anthropic: { base_url: anthropic.url, keys: [{ value: 'sk-ant-fake-0123456789' }] },
    },
    models: { support: { targets: ['openai/gpt-4o', 'anthropic/claude-sonnet-4-5'] } },
    observability: { prometheus: { labels: ['model', 'metadata.feature'] }, metadata: ['build', 'toString'] },
  },
});
afterAll(async () => {
  await gateway.close();
  await Promise.all([openai.close(), anthropic.close()]);
});
beforeEach(() => {
  settled.length = 0;
  openai.reset();
  anthropic.reset();
});

const chat = (more: object = {}) => ({
  model: 'support',
  messages: [{ role: 'user', content: 'Where is my parcel?' }],
  ...more,
});
const TOOLS = [{ type: 'function', function: { name: 'find_parcel', parameters: { type: 'object' } } }];

async function ask(path: string, body: object, headers: Record<string, string> = {}): Promise<SettledRecord> {
  const response = await gateway.fetch(
    path,
    json(body, { headers: { 'content-type': 'application/json', ...headers } }),
  );
  await response.text();
  await expect.poll(() => settled.length, { timeout: 20_000 }).toBe(1);
  return decodeRecords(new Uint8Array(encodeRecords(settled)))[0] as SettledRecord;
}

describe('the record of a request', () => {
  it('keeps those fields of its metadata that the configuration names, and no others', async () => {
    const header = { 'x-headgate-metadata': 'feature=faq, build=7, token=abc, customer=acme' };
    const record = await ask('/v1/chat/completions', chat(), header);
    expect(record).toMatchObject({ metadata: { feature: 'faq', build: '7' }, customer: 'acme' });
    expect(Object.keys(record.metadata)).toHaveLength(2);
    settled.length = 0;
    expect((await ask('/v1/chat/completions', chat())).metadata).toEqual({});
    // What looks like a secret is not kept, however often it comes.
    const secret = { 'x-headgate-metadata': 'feature=sk-proj-0123456789abcdef0123456789abcdef, build=8' };
    for (let i = 0; i < 2; i++) {
      settled.length = 0;
      const { metadata } = await ask('/v1/chat/completions', chat(), secret);
      expect(metadata).toEqual({ feature: '***', build: '8' });
    }
  });

  it('tells each attempt, when it began and how far it came', async () => {
    openai.always({ status: 500 });
    const record = await ask('/v1/chat/completions', chat());
    const { attempts, timings } = detailOf(record);
    expect(attempts.map(({ record: { provider, status, error } }) => [provider, status, error])).toEqual([
      ['openai', 500, 'http_500'],
      ['openai', 500, 'http_500'],
      ['anthropic', 200, null],
    ]);
    let before = timings.route?.toUs ?? Number.NaN;
    for (const { startUs, connectedUs, firstByteUs, endUs } of attempts) {
      expect(startUs).toBeGreaterThanOrEqual(before);
      before = endUs;
      expect(connectedUs).toBeGreaterThanOrEqual(startUs);
      expect(firstByteUs).toBeGreaterThanOrEqual(connectedUs as number);
      expect(endUs).toBeGreaterThanOrEqual(firstByteUs as number);
    }
    expect(timings.totalUs).toBeGreaterThanOrEqual(before);
    expect(timings.guard?.toUs).toBeGreaterThanOrEqual(timings.guard?.fromUs as number);
    expect(timings.firstByteUs).toBeLessThanOrEqual(timings.totalUs);
    expect(timings.overheadUs).toBeGreaterThan(0);
    expect(record.plugins).toContain('records');
  });

  it('says what went wrong in words, without what looks like a secret', async () => {
    const secret = 'sk-proj-Zm9vYmFyYmF6cXV4MTIzNDU2';
    openai.next({
      status: 400,
      error: { message: `The header Authorization: Bearer ${secret} is not welcome` },
    });
    const record = await ask('/v1/chat/completions', chat());
    expect(record.status).toBe(400);
    expect(record.errorMessage).toContain('is not welcome');
    expect(record.errorMessage).not.toContain(secret);
  });

  it('has no word of an error when all went well, or nobody was asked', async () => {
    expect((await ask('/v1/chat/completions', chat())).errorMessage).toBe('');
    settled.length = 0;
    const refused = await ask('/v1/chat/completions', { ...chat(), model: 'nowhere' });
    expect(refused).toMatchObject({ error: 'model_not_found', attempts: [], routedMs: null });
    expect(refused.errorMessage).toContain('nowhere');
  });

  it.each([
    ['as it came', '/v1/chat/completions', 'openai/gpt-4o', false, 'tool_calls'],
    ['streamed as it came', '/v1/chat/completions', 'openai/gpt-4o', true, 'tool_calls'],
    ['from another API', '/v1/chat/completions', 'anthropic/claude-sonnet-4-5', false, 'tool_use'],
    ['streamed from another API', '/v1/chat/completions', 'anthropic/claude-sonnet-4-5', true, 'tool_use'],
  ])('tells why an answer ended and which tools it calls, %s', async (_, path, model, stream, finish) => {
    const toolCalls = [{ name: 'find_parcel', arguments: '{"number":7}' }];
    openai.always({ answer: { toolCalls } });
    anthropic.always({ answer: { toolCalls } });
    const record = await ask(path, chat({ model, stream, tools: TOOLS }));
    expect(record.status).toBe(200);
    expect(record.tools).toEqual(['find_parcel']);
    expect(record.finish).toBe(finish);
  });

  it('tells the end of a plain answer, streamed or not', async () => {
    expect(await ask('/v1/chat/completions', chat())).toMatchObject({ finish: 'stop', tools: [] });
    settled.length = 0;
    expect(await ask('/v1/chat/completions', chat({ stream: true }))).toMatchObject({ finish: 'stop' });
  });

  it.each([
    [{ text: 'On its way.' }, 'completed'],
    [{ text: 'On its', finish: 'max_output_tokens' }, 'max_output_tokens'],
  ])('tells the end of a Responses answer that passes as it came: %j', async (answer, finish) => {
    openai.always({ answer });
    const body = {
      model: 'openai/gpt-4o',
      input: 'Where is my parcel?',
      metadata: { reason: 'a test', status: 'new' },
    };
    expect(await ask('/v1/responses', body)).toMatchObject({ status: 200, finish });
    settled.length = 0;
    expect(await ask('/v1/responses', { ...body, stream: true })).toMatchObject({ stream: true, finish });
  });

  it('keeps the trace of the client, and has one of its own where the client has none', async () => {
    const record = await ask('/v1/chat/completions', chat(), { traceparent: TRACE });
    expect(traceOf(record)).toEqual({
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: expect.stringMatching(/^[\da-f]{16}$/),
      parentId: 'b7ad6b7169203331',
      sampled: true,
    });
    settled.length = 0;
    const own = traceOf(
      await ask('/v1/chat/completions', chat(), { traceparent: `${TRACE.slice(0, -2)}zz` }),
    );
    expect(own).toMatchObject({ parentId: null, sampled: true });
    expect(own.traceId).toMatch(/^(?!0{32})[\da-f]{32}$/);
  });
});

describe('what a provider is told of the trace', () => {
  it.each(['own', 'pass', 'off'] as const)('is as the configuration says: %s', async (word) => {
    openai.reset();
    const told: SettledRecord[] = [];
    const other = await embed({
      plugins: [
        definePlugin({
          name: 'told',
          version: '1.0.0',
          setup: () => ({
            settled: (record) =>
              void told.push(decodeRecords(new Uint8Array(encodeRecords([record])))[0] as SettledRecord),
          }),
        }),
      ],
      config: {
        providers: {
          openai: { base_url: `${openai.url}/v1`, keys: [{ value: 'sk-fake-openai-0123456789' }] },
        },
        models: { support: { targets: ['openai/gpt-4o'] } },
        observability: { trace_headers: word },
      },
    });
    try {
      openai.next({ status: 500 });
      for (const traceparent of [TRACE, undefined]) {
        const headers = {
          'content-type': 'application/json',
          tracestate: 'vendor=1',
          ...(traceparent !== undefined && { traceparent }),
        };
        const answer = await other.fetch('/v1/chat/completions', json(chat(), { headers }));
        expect(answer.status).toBe(200);
        await answer.text();
      }
      await expect.poll(() => told.length, { timeout: 20_000 }).toBe(2);
      const sent = openai.received.map(({ headers }) => headers['traceparent']);
      const spans = told.flatMap((record) => {
        const { trace, attempts } = detailOf(record);
        return attempts.map(({ spanId }) => `00-${trace.traceId}-${spanId}-01`);
      });
      expect(spans).toHaveLength(3);
      expect(sent).toEqual(
        { own: spans, pass: [TRACE, TRACE, undefined], off: [undefined, undefined, undefined] }[word],
      );
      expect(openai.received[0]?.headers['tracestate']).toBe(word === 'off' ? undefined : 'vendor=1');
    } finally {
      await other.close();
    }
  });
});

describe('the ids of a trace', () => {
  it('are the same whoever asks, and rounds of a run are below it', () => {
    const run = traceOf({ id: 'req_1', trace: '' });
    const round = traceOf({ id: 'req_1.2', trace: '' });
    expect(traceOf({ id: 'req_1', trace: '' })).toEqual(run);
    expect(round.traceId).toBe(run.traceId);
    expect(round.parentId).toBe(run.spanId);
    expect(round.spanId).not.toBe(run.spanId);
    expect(attemptSpan('req_1', 0)).not.toBe(attemptSpan('req_1', 1));
  });

  it.each([
    '00-00000000000000000000000000000000-b7ad6b7169203331-01',
    '00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01',
    'ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    'nonsense',
  ])('are not taken from %s', async (traceparent) => {
    expect((await ask('/v1/chat/completions', chat(), { traceparent })).trace).toBe('');
  });
});
