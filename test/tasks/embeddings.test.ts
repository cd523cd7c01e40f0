import { setTimeout as sleep } from 'node:timers/promises';
import { GoogleGenAI } from '@google/genai';
import { definePlugin, type SettledRecord } from '@headgate/sdk';
import { CohereClientV2 } from 'cohere-ai';
import { Ollama } from 'ollama';
import OpenAI from 'openai';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { fakeVector } from '../fakes/openai-embeddings.js';
import { json, until } from '../gateway/embedded.js';
import { startTasks } from './setup.js';

const settled: SettledRecord[] = [];
const witness = definePlugin({
  name: 'witness',
  version: '1.0.0',
  setup: () => ({ settled: (record) => void settled.push(structuredClone(record)) }),
});
const setup = await startTasks(
  {
    models: {
      strict: { targets: ['ollama/embeddinggemma', 'cohere/embed-v4.0'], on_unsupported: 'reject' },
      chain: { targets: ['cohere/embed-v4.0', 'ollama/embeddinggemma'] },
    },
  },
  [witness],
);
const { gateway, url, openai: fakeOpenAi, vectors } = setup;
const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any', maxRetries: 0 });
const cohere = new CohereClientV2({ environment: url, token: 'any', maxRetries: 0 });
const ollama = new Ollama({ host: url });
const google = new GoogleGenAI({ apiKey: 'any', httpOptions: { baseUrl: url } });

beforeEach(() => setup.reset());
afterAll(() => setup.close());

const texts = ['one', 'two', 'three'];
const wanted = texts.map((text) => fakeVector(text));
const models = [
  'openai/text-embedding-3-small',
  'cohere/embed-v4.0',
  'gemini/gemini-embedding-001',
  'vertex/text-embedding-005',
  'ollama/embeddinggemma',
  'bedrock/amazon.titan-embed-text-v2:0',
  'voyage/voyage-3.5',
  'jina_ai/jina-embeddings-v3',
];

/** The body that each of the requests had that the provider was sent. */
const sent = (): Record<string, unknown>[] => vectors.received.map((one) => one.json());

describe.each(models)('vectors of %s', (model) => {
  it('reach the OpenAI SDK, which asks for base64 by itself', async () => {
    const answer = await openai.embeddings.create({ model, input: texts });
    expect(answer.data.map(({ embedding }) => embedding)).toEqual(wanted);
    expect(answer.data.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(answer.usage.prompt_tokens).toBeGreaterThan(0);
  });

  it('reach the Cohere SDK', async () => {
    const answer = await cohere.embed({
      model,
      texts,
      inputType: 'search_document',
      embeddingTypes: ['float'],
    });
    expect(answer.embeddings.float).toEqual(wanted);
    expect(answer.texts).toEqual(texts);
  });

  it('reach the Ollama SDK', async () => {
    expect((await ollama.embed({ model, input: texts })).embeddings).toEqual(wanted);
  });

  it('reach the Google SDK', async () => {
    const answer = await google.models.embedContent({ model, contents: texts });
    expect(answer.embeddings?.map(({ values }) => values)).toEqual(wanted);
  });
});

describe('what is said beside the texts', () => {
  it('is written in each provider’s words', async () => {
    const ask = (model: string) =>
      cohere.embed({ model, texts: ['q'], inputType: 'search_query', outputDimension: 8, truncate: 'NONE' });
    for (const model of ['gemini/gemini-embedding-001', 'voyage/voyage-3.5', 'jina_ai/jina-embeddings-v3'])
      await ask(model);
    expect(sent()).toEqual([
      {
        requests: [
          {
            model: 'models/gemini-embedding-001',
            content: { parts: [{ text: 'q' }] },
            taskType: 'RETRIEVAL_QUERY',
            outputDimensionality: 8,
          },
        ],
      },
      { model: 'voyage-3.5', input: 'q', input_type: 'query', output_dimension: 8, truncation: false },
      {
        model: 'jina-embeddings-v3',
        input: ['q'],
        task: 'retrieval.query',
        dimensions: 8,
        truncate: false,
      },
    ]);
  });

  it('is named where the provider has no words for it, and chooses the next target under reject', async () => {
    const body = { model: 'ollama/embeddinggemma', texts: ['q'], input_type: 'search_query' };
    const answer = await gateway.fetch('/v2/embed', json(body));
    expect(answer.headers.get('x-headgate-dropped')).toBe('input_type');
    const other = await gateway.fetch('/v2/embed', json({ ...body, model: 'strict' }));
    expect(other.headers.get('x-headgate-provider')).toBe('cohere');
    expect(sent().at(-1)).toMatchObject({ input_type: 'search_query' });
  });

  it('may ask Cohere for several types, of which other providers give floats', async () => {
    const answer = await cohere.embed({
      model: 'cohere/embed-v4.0',
      texts: ['q'],
      inputType: 'search_query',
      embeddingTypes: ['float', 'int8'],
    });
    expect(answer.embeddings.int8?.[0]).toHaveLength(8);
    const other = await gateway.fetch(
      '/v2/embed',
      json({
        model: 'openai/text-embedding-3-small',
        texts: ['q'],
        input_type: 'search_query',
        embedding_types: ['int8'],
      }),
    );
    expect(other.headers.get('x-headgate-dropped')?.split(', ')).toContain('encoding_format');
    expect(((await other.json()) as { embeddings: object }).embeddings).toEqual({ float: [fakeVector('q')] });
  });
});

describe('a request with more inputs than the provider takes at a time', () => {
  it('is sent in parts whose answers are in the order of the inputs, their usage added up', async () => {
    const many = Array.from({ length: 200 }, (_, i) => `text ${i}`);
    const answer = await ollama.embed({ model: 'cohere/embed-v4.0', input: many });
    expect(
      sent()
        .map((body) => (body['texts'] as string[]).length)
        .sort(),
    ).toEqual([8, 96, 96]);
    expect(answer.embeddings).toEqual(many.map((text) => fakeVector(text)));
    expect(answer.prompt_eval_count).toBe(600);
  });

  it('is one request that failed when a part fails, in the client’s words, and goes to the next target', async () => {
    vectors.next({}, { status: 500 });
    const single = openai.embeddings.create({ model: 'bedrock/amazon.titan-embed-text-v2:0', input: texts });
    await expect(single).resolves.toBeDefined();
    vectors.reset();
    vectors.always({ status: 400 });
    const refused = openai.embeddings.create({ model: 'bedrock/amazon.titan-embed-text-v2:0', input: texts });
    await expect(refused).rejects.toMatchObject({ status: 400 });
    vectors.reset();
    vectors.next({ status: 401 });
    const answer = await gateway.fetch('/v1/embeddings', json({ model: 'chain', input: texts }));
    expect(answer.headers.get('x-headgate-provider')).toBe('ollama');
  });
});

describe('requests that make no sense', () => {
  it('are refused in the client’s own shape', async () => {
    const tokens = await gateway.fetch(
      '/v1/embeddings',
      json({ model: 'voyage/voyage-3.5', input: [[1, 2], [3]] }),
    );
    expect(tokens.status).toBe(400);
    expect(await tokens.json()).toMatchObject({
      error: { code: 'invalid_field', param: 'input', message: expect.stringContaining('tokens') },
    });
    const empty = await gateway.fetch('/v2/embed', json({ model: 'ollama/embeddinggemma', texts: [] }));
    expect(await empty.json()).toMatchObject({ message: expect.stringContaining("'texts'") });
  });

  it('say which providers can what a model’s cannot', async () => {
    const answer = await gateway.fetch(
      '/v1/rerank',
      json({ model: 'openai/gpt-4o', query: 'q', documents: ['d'] }),
    );
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({
      error: { code: 'operation_unsupported', message: expect.stringContaining('"cohere"') },
    });
  });

  it('leave token arrays to providers that take them', async () => {
    await openai.embeddings.create({ model: 'openai/text-embedding-3-small', input: [[1, 2], [3]] });
    expect(fakeOpenAi.received[0]?.json()['input']).toEqual([[1, 2], [3]]);
  });
});

describe('what vectors cost', () => {
  it('follows the provider’s usage', async () => {
    const answer = await gateway.fetch('/api/embed', json({ model: 'cohere/embed-v4.0', input: texts }));
    // 9 tokens at $0.12 a million.
    expect(answer.headers.get('x-headgate-cost-usd')).toBe('0.00000108');
  });

  // Four of five parts were answered, and charged by the provider, before the last one failed: they were in no sum.
  describe('of a request of which a part fails', () => {
    const many = Array.from({ length: 5 * 96 }, (_, i) => `text ${i}`);
    const paid = { inputTokens: 4 * 96 * 3 };
    const failLast = (status: number): void => vectors.next({}, {}, {}, {}, { status, delayHeadMs: 150 });

    it('is in the record of the request that failed', async () => {
      settled.length = 0;
      failLast(400);
      const answer = await gateway.fetch('/api/embed', json({ model: 'cohere/embed-v4.0', input: many }));
      expect(answer.status).toBe(400);
      await until('a record', () => settled.length === 1);
      expect(settled[0]).toMatchObject({ outcome: 'error', usage: paid, costNano: 138_240 });
    });

    it('is added to what the next target’s answer costs', async () => {
      settled.length = 0;
      failLast(401);
      const answer = await gateway.fetch('/api/embed', json({ model: 'chain', input: many }));
      expect(answer.headers.get('x-headgate-provider')).toBe('ollama');
      expect(answer.headers.get('x-headgate-cost-usd')).toBe('0.00013824');
      expect(settled[0]).toMatchObject({
        outcome: 'ok',
        usage: { inputTokens: paid.inputTokens + many.length * 3 },
        costNano: 138_240,
      });
    });

    it('is counted when the client leaves before the last part', async () => {
      settled.length = 0;
      vectors.next({}, {}, {}, {}, { delayHeadMs: 2_000 });
      const leaving = new AbortController();
      const asked = fetch(
        `${url}/api/embed`,
        json({ model: 'cohere/embed-v4.0', input: many }, { signal: leaving.signal }),
      ).catch(() => undefined);
      await vectors.request(5);
      await sleep(100);
      leaving.abort();
      await asked;
      await until('a record', () => settled.length === 1);
      expect(settled[0]).toMatchObject({ outcome: 'client-closed', usage: paid, costNano: 138_240 });
    });
  });

  it('is estimated by counting where the provider says nothing', async () => {
    const path = '/v1beta/models/gemini-embedding-001:batchEmbedContents';
    const requests = texts.map((text) => ({ content: { parts: [{ text }] } }));
    for (const answer of [
      await gateway.fetch('/api/embed', json({ model: 'gemini/gemini-embedding-001', input: texts })),
      await gateway.fetch(path, json({ requests })),
    ]) {
      expect(answer.status).toBe(200);
      expect(Number(answer.headers.get('x-headgate-cost-usd'))).toBeGreaterThan(0);
    }
  });
});
