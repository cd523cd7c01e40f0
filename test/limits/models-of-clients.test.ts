import { GoogleGenAI } from '@google/genai';
import { CohereClient } from 'cohere-ai';
import { Ollama } from 'ollama';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { startGemini } from '../fakes/gemini.js';
import { embed, json } from '../gateway/embedded.js';

const SOME = 'hg-some-key-0123456789';
const fake = await startGemini();
const gateway = await embed({
  config: {
    auth: { required: true },
    providers: {
      openai: { keys: [{ value: 'sk-fake-0123456789' }] },
      gemini: { base_url: fake.url, keys: [{ value: 'AIzaFake0123456789' }] },
    },
    models: {
      support: { targets: ['openai/gpt-4o'] },
      vectors: { targets: ['openai/text-embedding-3-small'] },
      flash: { targets: ['gemini/gemini-2.5-flash'] },
    },
    keys: [{ name: 'some', value: SOME, models: ['support', 'vectors', 'flash'], passthrough: true }],
  },
});
const url = await gateway.listen();

beforeEach(() => fake.reset());
afterAll(async () => {
  await gateway.close();
  await fake.close();
});

const contents = [{ role: 'user', parts: [{ text: 'Hi' }] }];

describe.each(['', '/cohere'])('the Cohere SDK at "%s"', (base) => {
  const cohere = new CohereClient({ environment: url + base, token: SOME, maxRetries: 0 });

  it('lists what its key may use, page by page and by endpoint', async () => {
    const { models } = await cohere.models.list();
    expect(models.map(({ name }) => name)).toEqual(['support', 'vectors', 'flash']);
    const page = await cohere.models.list({ pageSize: 2 });
    expect([page.models.length, page.nextPageToken]).toEqual([2, '2']);
    const rest = await cohere.models.list({ pageSize: 2, pageToken: page.nextPageToken ?? '' });
    expect([rest.models.map(({ name }) => name), rest.nextPageToken]).toEqual([['flash'], undefined]);
    const embedders = await cohere.models.list({ endpoint: 'embed' });
    expect(embedders.models.map(({ name }) => name)).toEqual(['vectors']);
  });

  it('describes one, with its window and what it can do', async () => {
    expect(await cohere.models.get('support')).toMatchObject({
      name: 'support',
      isDeprecated: false,
      finetuned: false,
      endpoints: ['chat'],
      contextLength: 128_000,
      features: ['tools', 'json_schema', 'vision'],
    });
    await expect(cohere.models.get('openai/gpt-4o-mini')).rejects.toThrow(/403/);
  });
});

describe('Ollama’s clients', () => {
  const ollama = new Ollama({ host: url, headers: { Authorization: `Bearer ${SOME}` } });

  it('list the models of their key', async () => {
    const { models } = await ollama.list();
    expect(models.map(({ name }) => name)).toEqual(['support', 'vectors', 'flash']);
  });

  it.each(['', '/ollama'])('are shown one at "%s", with its window and what it can do', async (base) => {
    const client = new Ollama({ host: url + base, headers: { Authorization: `Bearer ${SOME}` } });
    expect(await client.show({ model: 'support' })).toMatchObject({
      capabilities: ['completion', 'tools', 'vision'],
      model_info: { 'general.architecture': 'headgate', 'headgate.context_length': 128_000 },
      details: { family: 'headgate' },
      pricing: { input_per_million_usd: 2.5 },
    });
    expect((await client.show({ model: 'vectors' })).capabilities).toEqual(['embedding']);
  });

  it('hear in Ollama’s words what is not there, not theirs, or no question', async () => {
    await expect(ollama.show({ model: 'nope' })).rejects.toThrow(/nope/);
    await expect(ollama.show({ model: 'openai/gpt-4o-mini' })).rejects.toThrow(/some/);
    const auth = { authorization: `Bearer ${SOME}` };
    for (const body of ['{}', 'null', '[]', 'x']) {
      const answer = await gateway.fetch('/api/show', { method: 'POST', headers: auth, body });
      expect([answer.status, await answer.json()]).toMatchObject([400, { error: expect.any(String) }]);
    }
    const older = await gateway.fetch('/api/show', json({ name: 'support' }, { headers: auth }));
    expect(older.status).toBe(200);
    const stranger = await gateway.fetch('/api/show', json({ model: 'support' }));
    expect(stranger.status).toBe(401);
    const read = await gateway.fetch('/api/show', { headers: auth });
    expect([read.status, read.headers.get('allow')]).toEqual([405, 'POST, OPTIONS']);
  });
});

describe('a key in the query of a Gemini path', () => {
  it('is a credential: for the list, for one model and for an answer', async () => {
    for (const path of ['/v1beta/models', '/genai/v1beta/models', '/v1/models']) {
      const listed = await fetch(`${url}${path}?pageSize=2&key=${SOME}`);
      expect(await listed.json()).toMatchObject({
        models: [
          { name: 'models/support', inputTokenLimit: 128_000, outputTokenLimit: 16_384 },
          { name: 'models/vectors', supportedGenerationMethods: ['embedContent', 'batchEmbedContents'] },
        ],
        nextPageToken: '2',
      });
    }
    const one = await gateway.fetch(`/v1beta/models/support?key=${SOME}`);
    expect(await one.json()).toMatchObject({ name: 'models/support' });
    const answer = await fetch(`${url}/v1beta/models/flash:generateContent?key=${SOME}`, json({ contents }));
    expect(answer.status).toBe(200);
    expect(fake.received[0]?.url).toBe('/v1beta/models/gemini-2.5-flash:generateContent');
    expect((await fetch(`${url}/v1beta/models?key=hg-unknown-0123456789`)).status).toBe(401);
  });

  it('leaves the rest of the query as it was, and goes nowhere', async () => {
    const asked = `${url}/v1beta/models/flash:streamGenerateContent`;
    const streamed = await fetch(`${asked}?key=${SOME}&alt=sse`, json({ contents }));
    expect(streamed.headers.get('content-type')).toContain('text/event-stream');
    await streamed.text();
    // Of what is only forwarded the query goes along.
    await fetch(`${url}/v1beta/files?pageSize=3&%6Bey=${SOME}`);
    const forwarded = fake.received.at(-1);
    expect(forwarded?.url).toBe('/v1beta/files?pageSize=3');
    expect(JSON.stringify(fake.received.map(({ url, rawHeaders }) => [url, rawHeaders]))).not.toContain(SOME);
  });

  it('is no credential at the paths of other APIs', async () => {
    const chat = { model: 'support', messages: [] };
    expect((await fetch(`${url}/v1/chat/completions?key=${SOME}`, json(chat))).status).toBe(401);
    expect((await fetch(`${url}/v2/chat?key=${SOME}`, json(chat))).status).toBe(401);
  });

  it('is what the Google Gen AI SDK does without: its header lists page by page', async () => {
    const google = new GoogleGenAI({ apiKey: SOME, vertexai: false, httpOptions: { baseUrl: url } });
    const names: (string | undefined)[] = [];
    for await (const model of await google.models.list({ config: { pageSize: 2 } })) names.push(model.name);
    expect(names).toEqual(['models/support', 'models/vectors', 'models/flash']);
  });
});
