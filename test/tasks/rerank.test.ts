import { CohereClientV2 } from 'cohere-ai';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { json } from '../gateway/embedded.js';
import { startTasks } from './setup.js';

const setup = await startTasks();
const { gateway, url, vectors } = setup;
const cohere = new CohereClientV2({ environment: url, token: 'any', maxRetries: 0 });

beforeEach(() => setup.reset());
afterAll(() => setup.close());

const documents = ['short', 'the longest of them all', 'in between'];
const models = [
  'cohere/rerank-v3.5',
  'jina_ai/jina-reranker-v2-base-multilingual',
  'voyage/rerank-2.5',
  'bedrock/cohere.rerank-v3-5:0',
  'tei/any',
];
const ask = async (path: string, body: object): Promise<Record<string, unknown>> => {
  const answer = await gateway.fetch(path, json({ query: 'which?', documents, ...body }));
  expect(answer.status).toBe(200);
  return (await answer.json()) as Record<string, unknown>;
};

describe.each(models)('the ranking of %s', (model) => {
  it('reaches the Cohere SDK, the best first and no more than asked for', async () => {
    const answer = await cohere.rerank({ model, query: 'which?', documents, topN: 2 });
    expect(answer.results).toEqual([
      { index: 1, relevanceScore: 0.23 },
      { index: 2, relevanceScore: 0.1 },
    ]);
  });

  it('comes at /v1/rerank with the documents where they are wanted', async () => {
    const answer = await ask('/v1/rerank', { model, top_n: 1, return_documents: true });
    expect(answer['results']).toEqual([
      { index: 1, relevance_score: 0.23, document: { text: documents[1] } },
    ]);
  });

  it('comes as Voyage writes it at its path', async () => {
    const answer = await ask('/voyage/v1/rerank', { model, top_k: 1, return_documents: true });
    expect(answer).toMatchObject({
      object: 'list',
      data: [{ index: 1, relevance_score: 0.23, document: documents[1] }],
    });
  });
});

describe('a request to rank', () => {
  it('is written in each provider’s words, documents of fields as texts', async () => {
    const fields = [{ title: 'A', body: 'B' }];
    const rank = (path: string, model: string): Promise<unknown> =>
      ask(path, { model, documents: fields, rank_fields: ['title'] });
    await rank('/v2/rerank', 'jina_ai/jina-reranker-v2-base-multilingual');
    for (const model of models.slice(2)) await rank('/v1/rerank', model);
    const query = 'which?';
    expect(vectors.received.map((one) => one.json())).toEqual([
      {
        model: 'jina-reranker-v2-base-multilingual',
        query,
        documents: fields,
        rank_fields: ['title'],
        return_documents: false,
      },
      { model: 'rerank-2.5', query, documents: ['title: A'] },
      { query, documents: ['title: A'], api_version: 2 },
      { query, texts: ['title: A'] },
    ]);
  });

  it('passes as it came where the provider speaks the client’s format', async () => {
    await ask('/v1/rerank', { model: 'cohere/rerank-v3.5', documents: [{ text: 'a' }], new_field: 1 });
    expect(vectors.received[0]?.json()).toEqual({
      query: 'which?',
      documents: [{ text: 'a' }],
      model: 'rerank-v3.5',
      new_field: 1,
    });
  });

  it('is billed by tokens where the provider counts these', async () => {
    const answer = await gateway.fetch(
      '/v2/rerank',
      json({ model: 'voyage/rerank-2', query: 'which?', documents }),
    );
    // 42 tokens at $0.05 a million.
    expect(answer.headers.get('x-headgate-cost-usd')).toBe('0.0000021');
    expect(await answer.json()).toMatchObject({ meta: { billed_units: { input_tokens: 42 } } });
  });

  it('is refused when a provider ranks what was never sent', async () => {
    vectors.always({ body: '{"results":[{"index":7,"relevance_score":1}]}' });
    const answer = await gateway.fetch(
      '/v1/rerank',
      json({ model: 'voyage/rerank-2', query: 'which?', documents }),
    );
    expect(await answer.json()).toMatchObject({ error: { code: 'provider_bad_answer' } });
  });
});

describe('what a ranking costs', () => {
  it.each(['/v1/rerank', '/v2/rerank'])('is by the search units that Cohere bills, at %s', async (path) => {
    const answer = await gateway.fetch(
      path,
      json({ model: 'cohere/rerank-v3.5', query: 'which?', documents }),
    );
    // $2 for a thousand searches.
    expect(answer.headers.get('x-headgate-cost-usd')).toBe('0.002');
  });

  it('is by as many as a long list takes', async () => {
    const billed_units = { search_units: 3 };
    vectors.next({
      body: JSON.stringify({ id: 'r', results: [{ index: 0, relevance_score: 1 }], meta: { billed_units } }),
    });
    const body = { model: 'cohere/rerank-v3.5', query: 'which?', documents, top_n: 1 };
    const answer = await gateway.fetch('/voyage/v1/rerank', json({ ...body, top_k: 1 }));
    expect(answer.headers.get('x-headgate-cost-usd')).toBe('0.006');
  });
});
