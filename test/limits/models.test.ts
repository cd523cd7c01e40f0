import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterAll, describe, expect, it } from 'vitest';
import { startHeadgate, stopCleanly } from '../e2e/harness.js';
import { get } from '../e2e/http-client.js';

const ALL = 'hg-all-key-0123456789';
const SOME = 'hg-some-key-0123456789';
const gateway = await startHeadgate({
  config: {
    server: { threads: 2 },
    providers: {
      openai: { keys: [{ value: 'sk-fake-0123456789' }] },
      anthropic: { keys: [{ value: 'sk-ant-fake-0123456789' }] },
      mine: { extends: 'openai', base_url: 'http://127.0.0.1:9/v1', keys: [{ value: 'none' }] },
    },
    models: {
      support: { targets: ['openai/gpt-4o', 'anthropic/claude-sonnet-4-5'] },
      demo: { targets: ['mock/hello'] },
    },
    keys: [
      { name: 'all', value: ALL },
      { name: 'some', value: SOME, models: ['demo', 'openai/gpt-4o-mini*'] },
    ],
  },
});
const openai = (apiKey: string, base = '/v1'): OpenAI =>
  new OpenAI({ apiKey, baseURL: gateway.url + base, maxRetries: 0 });
const anthropic = (apiKey: string, base = ''): Anthropic =>
  new Anthropic({ apiKey, baseURL: gateway.url + base, maxRetries: 0 });
afterAll(() => stopCleanly(gateway));

async function idsOf(models: AsyncIterable<{ id: string }>): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of models) ids.push(id);
  return ids;
}

describe('the list of models', () => {
  it.each(['/v1', '/openai/v1'])(
    'is read by the OpenAI SDK at %s: public names first, then every provider',
    async (base) => {
      const ids = await idsOf(openai(ALL, base).models.list());
      expect(ids.slice(0, 2)).toEqual(['support', 'demo']);
      expect(ids).toEqual(
        expect.arrayContaining(['openai/gpt-4o', 'mine/gpt-4o', 'anthropic/claude-sonnet-4-5']),
      );
      expect(new Set(ids).size).toBe(ids.length);
    },
  );

  it.each(['', '/anthropic'])(
    'is read by the Anthropic SDK at "%s", page by page when asked to',
    async (base) => {
      const client = anthropic(ALL, base);
      const whole = await idsOf(client.models.list());
      expect(whole.slice(0, 2)).toEqual(['support', 'demo']);
      expect(await idsOf(client.models.list({ limit: 50 }))).toEqual(whole);
      const page = await client.models.list({ limit: 3, before_id: whole[5] ?? '' });
      expect(page.data.map(({ id }) => id)).toEqual(whole.slice(2, 5));
    },
  );

  it('has only what the key may use', async () => {
    const ids = await idsOf(openai(SOME).models.list());
    expect(ids[0]).toBe('demo');
    expect(ids.length).toBeGreaterThan(1);
    expect(ids.slice(1).every((id) => id.startsWith('openai/gpt-4o-mini'))).toBe(true);
  });

  it('says what is known of windows and prices, and of several targets only what holds for all', async () => {
    const { data } = await openai(ALL).models.list();
    const found = (id: string): unknown => data.find((model) => model.id === id);
    expect(found('openai/gpt-4o')).toEqual({
      id: 'openai/gpt-4o',
      object: 'model',
      created: 0,
      owned_by: 'openai',
      context_window: 128_000,
      context_length: 128_000,
      max_output_tokens: 16_384,
      capabilities: ['vision', 'tools', 'json_schema', 'pdf', 'prompt_caching'],
      architecture: { input_modalities: ['text', 'image', 'file'], output_modalities: ['text'] },
      pricing: {
        prompt: '0.0000025',
        completion: '0.00001',
        request: '0',
        image: '0',
        web_search: '0.01',
        internal_reasoning: '0.00001',
        input_cache_read: '0.00000125',
        input_cache_write: '0.0000025',
        input_per_million_usd: 2.5,
        output_per_million_usd: 10,
        cache_read_per_million_usd: 1.25,
        cache_write_per_million_usd: 2.5,
      },
    });
    expect(found('support')).toMatchObject({
      owned_by: 'headgate',
      context_window: 128_000,
      max_output_tokens: 16_384,
    });
    expect(found('support')).not.toHaveProperty('pricing');
    expect(found('demo')).toMatchObject({ pricing: { input_per_million_usd: 0, output_per_million_usd: 0 } });
  });
});

describe('one model', () => {
  it('is found by its public name, by provider/model and by a name that a provider is known to have', async () => {
    for (const id of ['support', 'anthropic/claude-sonnet-4-5', 'gpt-4o', 'mock/anything']) {
      expect(await openai(ALL).models.retrieve(id)).toMatchObject({ id, object: 'model' });
    }
    expect(await anthropic(ALL).models.retrieve('anthropic/claude-sonnet-4-5')).toMatchObject({
      id: 'anthropic/claude-sonnet-4-5',
      type: 'model',
      created_at: '1970-01-01T00:00:00Z',
      max_input_tokens: expect.any(Number),
    });
  });

  it('that nobody knows is not found, in the shape of either API', async () => {
    const one = await openai(ALL)
      .models.retrieve('openai/gpt-nope')
      .catch((error) => error);
    expect(one).toBeInstanceOf(OpenAI.NotFoundError);
    expect(one.code).toBe('model_not_found');
    const other = await anthropic(ALL)
      .models.retrieve('nope')
      .catch((error) => error);
    expect(other).toBeInstanceOf(Anthropic.NotFoundError);
    expect(other.error).toMatchObject({ type: 'error', error: { type: 'not_found_error' } });
  });

  it('that the key may not use is refused', async () => {
    const refused = await openai(SOME)
      .models.retrieve('support')
      .catch((error) => error);
    expect([refused.status, refused.code]).toEqual([403, 'model_not_allowed']);
  });
});

describe('who may ask', () => {
  it('is nobody without a known key', async () => {
    for (const headers of [{}, { authorization: 'Bearer hg-unknown-0123456789' }] as Record<
      string,
      string
    >[]) {
      const answer = await get(gateway, '/v1/models', headers);
      expect(answer.status).toBe(401);
      expect(answer.json()).toMatchObject({ error: { type: 'authentication_error' } });
    }
    const claude = await get(gateway, '/v1/models', { 'anthropic-version': '2023-06-01' });
    expect([claude.status, claude.json()]).toEqual([401, expect.objectContaining({ type: 'error' })]);
  });

  it('may use GET and HEAD only, and an escaped name that is broken is just not found', async () => {
    const headers = { authorization: `Bearer ${ALL}` };
    const head = await fetch(`${gateway.url}/v1/models`, { method: 'HEAD', headers });
    expect([head.status, await head.text()]).toEqual([200, '']);
    const remove = await fetch(`${gateway.url}/v1/models/demo`, { method: 'PUT', headers });
    expect([remove.status, remove.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
    expect((await get(gateway, '/v1/models/%zz', headers)).status).toBe(404);
  });
});
