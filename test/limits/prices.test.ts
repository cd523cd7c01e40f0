import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { definePlugin, type SettledRecord } from '@headgate/sdk';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { embed, json, until } from '../gateway/embedded.js';

/** Answers that OpenAI's API reference documents, by path. */
let answers: Record<string, object | Buffer> = {};
const provider = createServer((request, response) => {
  request.resume().on('end', () => {
    const answer = answers[request.url ?? ''] ?? {};
    const sound = Buffer.isBuffer(answer);
    const events = sound && answer.includes('event:');
    response.setHeader(
      'content-type',
      events ? 'text/event-stream' : sound ? 'audio/mpeg' : 'application/json',
    );
    response.end(sound ? answer : JSON.stringify(answer));
  });
});
await new Promise<void>((done) => provider.listen(0, '127.0.0.1', done));
const baseUrl = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1`;

const settled: SettledRecord[] = [];
const witness = definePlugin({
  name: 'witness',
  version: '1.0.0',
  setup: () => ({
    settled(record) {
      settled.push(structuredClone(record));
    },
  }),
});

const STRICT = 'hg-strict-key-0123456789';
const LAX = 'hg-lax-key-0123456789';
const POOR = 'hg-poor-key-0123456789';
const CHAT = '/v1/chat/completions';
const gateway = await embed({
  config: {
    auth: { required: false },
    providers: {
      openai: { base_url: baseUrl, keys: [{ value: 'sk-fake-0123456789' }] },
      mine: { extends: 'openai', base_url: baseUrl, keys: [{ value: 'none' }] },
    },
    models: {
      careful: { targets: ['openai/nobody-knows', 'openai/gpt-5'], unpriced: 'deny' },
      hopeless: { targets: ['openai/nobody-knows'], unpriced: 'deny' },
    },
    prices: {
      'mine/Reader': {
        page_usd: 0.002,
        annotated_page_usd: 0.005,
        context_window: 9000,
        capabilities: ['pdf'],
      },
    },
    keys: [
      { name: 'strict', value: STRICT, unpriced: 'deny' },
      { name: 'lax', value: LAX, models: ['hopeless', 'openai/nobody-*'], unpriced: 'allow' },
      { name: 'poor', value: POOR, budget: { usd: 0.01, per: 'day' } },
    ],
  },
  plugins: [witness],
});

interface Asked {
  status: number;
  cost: string | null;
  body: Record<string, Record<string, unknown>>;
}

async function ask(path: string, body: object, key?: string): Promise<Asked> {
  const init = json(body);
  if (key !== undefined) init.headers = { ...(init.headers as object), authorization: `Bearer ${key}` };
  const answer = await gateway.fetch(path, init);
  const type = answer.headers.get('content-type') ?? '';
  const text = await answer.text();
  return {
    status: answer.status,
    cost: answer.headers.get('x-headgate-cost-usd'),
    body: type.includes('json') ? JSON.parse(text) : {},
  };
}

const chat = (model: string, more: object = {}) => ({
  model,
  messages: [{ role: 'user', content: 'hi' }],
  ...more,
});
const answered = (more: object, usage: object = {}) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: 'yes' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100, ...usage },
  ...more,
});

beforeEach(() => {
  answers = { [CHAT]: answered({}) };
  settled.length = 0;
});
afterAll(async () => {
  await gateway.close();
  provider.close();
});

describe('what an answer costs', () => {
  it.each([
    ['the tier that the answer names', { service_tier: 'priority' }, {}, '0.0045'],
    [
      'that tier, whatever was asked for',
      { service_tier: 'default' },
      { service_tier: 'priority' },
      '0.00225',
    ],
    ['the tier that was asked for, where the answer names none', {}, { service_tier: 'flex' }, '0.001125'],
    ['the standard price, where nobody names one', {}, { service_tier: 'auto' }, '0.00225'],
  ])('is by %s', async (_, said, asked, cost) => {
    answers = { [CHAT]: answered(said) };
    expect(await ask(CHAT, chat('openai/gpt-5', asked))).toMatchObject({ status: 200, cost });
  });

  it('has what the provider searched for in it', async () => {
    const items = ['web_search_call', 'web_search_call', 'file_search_call'].map((type, i) => ({
      id: `c${i}`,
      type,
    }));
    const opened = { id: 'c9', type: 'web_search_call', action: { type: 'open_page', url: 'https://a.b' } };
    const text = { type: 'output_text', text: '"type":"web_search_call"', annotations: [] };
    const message = { id: 'm', type: 'message', role: 'assistant', content: [text] };
    answers['/v1/responses'] = {
      id: 'resp_1',
      object: 'response',
      status: 'completed',
      output: [...items, opened, message],
      usage: { input_tokens: 1000, output_tokens: 100, total_tokens: 1100 },
    };
    const { cost } = await ask('/v1/responses', { model: 'openai/gpt-4.1', input: 'hi' });
    // Two searches of the web at a cent, one of files at a quarter of one.
    expect(cost).toBe('0.0253');
    expect(settled[0]?.usage?.units).toEqual({ webSearches: 2, fileSearches: 1 });
  });

  it.each([
    ['pictures by quality and size', 'images/generations', 'dall-e-3', { data: [{}, {}] }, { images: 2 }],
    [
      'pictures by tokens, where these are told',
      'images/generations',
      'gpt-image-1',
      painted(),
      { images: 1 },
    ],
    [
      'pictures by the tokens of pictures',
      'images/generations',
      'gpt-image-1.5',
      painted(),
      { outputImageTokens: 1000 },
    ],
    [
      'seconds that were heard',
      'audio/transcriptions',
      'whisper-1',
      { usage: { type: 'duration', seconds: 9.5 } },
      { inputAudioMs: 9500 },
    ],
    [
      'seconds of video',
      'videos',
      'sora-2',
      { id: 'v', seconds: '8', size: '1280x720' },
      { videoMs: 8000, variant: '720p' },
    ],
  ])('is of %s', async (what, path, model, answer, units) => {
    answers[`/v1/${path}`] = answer;
    const { status, cost } = await ask(`/v1/${path}`, {
      model: `openai/${model}`,
      prompt: 'a cat',
      input: 'x',
    });
    expect(status).toBe(200);
    expect(settled[0]?.usage?.units).toMatchObject(units);
    const costs: Record<string, string | null> = {
      'gpt-image-1': '0.0405',
      // Its text costs $10 per million tokens, its pictures $32: all that comes out is pictures.
      'gpt-image-1.5': '0.0325',
      'whisper-1': '0.00095',
      'sora-2': '0.8',
    };
    // OpenAI sells this one no longer, and no source has its price.
    expect([what, cost]).toEqual([what, costs[model] ?? null]);
  });

  it('is of characters that are turned into speech, although the answer is sound', async () => {
    answers['/v1/audio/speech'] = Buffer.from('ID3');
    await ask('/v1/audio/speech', { model: 'openai/tts-1', input: 'Grüße 👋', voice: 'alloy' });
    expect(settled[0]).toMatchObject({ usage: { units: { characters: 7 } }, costNano: 105_000 });
  });

  it("is by the operator's own price, of pages too", async () => {
    answers['/v1/ocr'] = { pages: [], usage_info: { pages_processed: 10, pages_processed_annotation: 4 } };
    const { cost } = await ask('/v1/ocr', { model: 'mine/Reader', document: { type: 'document_url' } });
    expect(cost).toBe('0.032');
  });

  it('is nothing for looking at an answer again', async () => {
    answers['/v1/responses/resp_1'] = { id: 'resp_1', usage: { input_tokens: 1000, output_tokens: 100 } };
    const answer = await gateway.fetch('/v1/responses/resp_1', {
      headers: { 'x-headgate-provider': 'openai' },
    });
    expect([answer.status, answer.headers.get('x-headgate-cost-usd')]).toEqual([200, null]);
  });
});

describe('a batch', () => {
  const read = async () => {
    const answer = await gateway.fetch('/v1/batches/batch_1', {
      headers: { 'x-headgate-provider': 'openai' },
    });
    await answer.text();
    return answer.headers.get('x-headgate-cost-usd');
  };

  it('costs what it used at the batch price, once, when it is read as done for the first time', async () => {
    const batch = { id: 'batch_1', object: 'batch', model: 'gpt-5-2025-08-07', status: 'in_progress' };
    answers['/v1/batches/batch_1'] = batch;
    expect(await read()).toBeNull();
    const usage = { input_tokens: 1_000_000, output_tokens: 10_000, total_tokens: 1_010_000 };
    answers['/v1/batches/batch_1'] = { ...batch, status: 'completed', usage };
    // Half of $1.25 and $10 per million tokens.
    expect(await read()).toBe('0.675');
    expect(settled.at(-1)).toMatchObject({
      operation: 'batch',
      targetModel: 'gpt-5-2025-08-07',
      costNano: 675_000_000,
    });
    expect(await read()).toBeNull();
  });
});

describe('an answer that a provider makes in the background', () => {
  const done = (id: string): object => ({
    id,
    object: 'response',
    background: true,
    model: 'gpt-5-2025-08-07',
    output: [],
    usage: { input_tokens: 1000, output_tokens: 100, total_tokens: 1100 },
    status: 'completed',
  });
  const make = (id: string) =>
    ask('/v1/responses', { model: 'openai/gpt-5', input: 'hi', background: true }).then(({ cost }) => [
      id,
      cost,
    ]);
  const read = async (id: string) => {
    const answer = await gateway.fetch(`/v1/responses/${id}`);
    await answer.text();
    return answer.headers.get('x-headgate-cost-usd');
  };

  it('costs what it used, once, when it is first read as done', async () => {
    answers['/v1/responses'] = { ...done('resp_b1'), status: 'queued', usage: null };
    answers['/v1/responses/resp_b1'] = { ...done('resp_b1'), status: 'in_progress', usage: null };
    expect(await make('resp_b1')).toEqual(['resp_b1', null]);
    expect(await read('resp_b1')).toBeNull();
    answers['/v1/responses/resp_b1'] = done('resp_b1');
    const costs = await Promise.all([read('resp_b1'), read('resp_b1')]);
    expect(costs.filter((cost) => cost !== null)).toEqual(['0.00225']);
    expect(await read('resp_b1')).toBeNull();
  });

  it('costs the same, once, where its stream is read', async () => {
    const event = (type: string, response: object): string =>
      `event: ${type}\ndata: ${JSON.stringify({ type, response })}\n\n`;
    const begun = event('response.created', { ...done('resp_b3'), status: 'in_progress', usage: null });
    const stream = begun + event('response.completed', done('resp_b3'));
    answers['/v1/responses'] = { ...done('resp_b3'), status: 'queued', usage: null };
    answers['/v1/responses/resp_b3?stream=true'] = Buffer.from(stream);
    answers['/v1/responses/resp_b3'] = done('resp_b3');
    await make('resp_b3');
    settled.length = 0;
    const follow = async () => (await gateway.fetch('/v1/responses/resp_b3?stream=true')).text();
    expect(await follow()).toBe(stream);
    await until('a record', () => settled.length === 1);
    expect(settled[0]).toMatchObject({ costNano: 2_250_000, targetModel: 'gpt-5-2025-08-07' });
    await follow();
    await until('another', () => settled.length === 2);
    expect([settled[1]?.usage, await read('resp_b3')]).toEqual([null, null]);
  });

  it('costs nothing again where the request that made it has told its usage', async () => {
    answers['/v1/responses'] = done('resp_b2');
    answers['/v1/responses/resp_b2'] = done('resp_b2');
    expect(await make('resp_b2')).toEqual(['resp_b2', '0.00225']);
    expect(await read('resp_b2')).toBeNull();
  });
});

describe('a reservation', () => {
  it('is of the price list that is asked for', async () => {
    const cheap = chat('openai/gpt-5', { max_completion_tokens: 600 });
    expect((await ask(CHAT, cheap, POOR)).status).toBe(200);
    expect(await ask(CHAT, { ...cheap, service_tier: 'priority' }, POOR)).toMatchObject({
      status: 402,
      body: { error: { code: 'budget_exceeded' } },
    });
    expect((await ask(CHAT, { ...cheap, max_completion_tokens: 300 }, POOR)).status).toBe(200);
  });
});

describe('a model without a price', () => {
  it('may be used unless that is denied, by key, by model or for all', async () => {
    expect(await ask(CHAT, chat('openai/nobody-knows'))).toMatchObject({ status: 200, cost: null });
    const refused = { status: 403, body: { error: { code: 'model_unpriced', param: 'model' } } };
    expect(await ask(CHAT, chat('openai/nobody-knows'), STRICT)).toMatchObject(refused);
    expect(await ask(CHAT, chat('hopeless'))).toMatchObject(refused);
    expect(await ask(CHAT, chat('hopeless'), LAX)).toMatchObject({ status: 200 });
    expect(await ask('/v1/images/generations', { model: 'openai/nobody-paints' }, STRICT)).toMatchObject(
      refused,
    );
  });

  it('is passed over for the next target that has one', async () => {
    expect(await ask(CHAT, chat('careful'))).toMatchObject({ status: 200, cost: '0.00225' });
    expect(settled[0]?.targetModel).toBe('gpt-5');
  });

  it('says what to do about it', async () => {
    const { body } = await ask(CHAT, chat('hopeless'));
    expect(body['error']?.['message']).toContain('set prices["openai/nobody-knows"], or set unpriced');
  });
});

describe('GET /api/models', () => {
  const list = async (query: string) => {
    const answer = await gateway.fetch(`/api/models?${query}`);
    return (await answer.json()) as { models: Record<string, unknown>[]; total: number };
  };

  it('has the configured models first, with targets, price, source and who may use them', async () => {
    const { models } = await list('');
    expect(models.slice(0, 2).map(({ id }) => id)).toEqual(['careful', 'hopeless']);
    expect(models[1]).toMatchObject({
      priced: false,
      price: null,
      unpriced: 'deny',
      usable: false,
      keys: null,
    });
    expect(models.find(({ id }) => id === 'openai/gpt-5')).toMatchObject({
      context_window: expect.any(Number),
      max_output_tokens: 128_000,
      capabilities: expect.arrayContaining(['vision', 'tools', 'reasoning']),
      priced: true,
      price_source: 'genai-prices',
      service_tiers_source: 'litellm',
      price: {
        input_per_million_usd: 1.25,
        output_per_million_usd: 10,
        cache_read_per_million_usd: 0.125,
        web_search_usd: 0.01,
        service_tiers: { priority: { input_per_million_usd: 2.5 }, batch: { output_per_million_usd: 5 } },
      },
    });
  });

  it.each([
    ['key=lax', (id: string) => id === 'hopeless'],
    ['capability=audio_output&provider=openai', (id: string) => id.startsWith('openai/')],
    ['mode=embedding&provider=openai', (id: string) => id.includes('embedding')],
    ['priced=false', (id: string) => !id.includes('gpt-4')],
    ['model=openai/gpt-5*', (id: string) => id.startsWith('openai/gpt-5')],
    ['configured=true', (id: string) => ['careful', 'hopeless'].includes(id)],
  ])('is filtered by %s', async (query, fits) => {
    const { models } = await list(query);
    expect(models.length).toBeGreaterThan(0);
    expect(models.filter(({ id }) => !fits(String(id)))).toEqual([]);
  });

  it('pages, and writes CSV', async () => {
    const all = await list('provider=openai');
    const page = await list('provider=openai&limit=2&offset=3');
    expect(page).toMatchObject({ models: all.models.slice(3, 5), total: all.total });
    const csv = await (await gateway.fetch('/api/models?model=openai/gpt-5&format=csv')).text();
    expect(csv.split('\r\n')[1]).toMatch(
      /^openai\/gpt-5,false,openai,gpt-5,chat,\d+,128000,vision tools .*,true,genai-prices,1\.25,10,/,
    );
  });

  it.each(['colour=red', 'capability=flight', 'key=nobody', 'priced=maybe', 'limit=-1'])(
    'refuses %s',
    async (query) => {
      const answer = await gateway.fetch(`/api/models?${query}`);
      expect([answer.status, ((await answer.json()) as Asked['body'])['error']?.['code']]).toEqual([
        400,
        'invalid_parameter',
      ]);
    },
  );
});

it('/v1/models has windows, prices and capabilities as OpenRouter has them, and a configured price', async () => {
  const one = async (id: string) => (await gateway.fetch(`/v1/models/${id}`)).json();
  expect(await one('openai/gpt-5')).toMatchObject({
    context_length: expect.any(Number),
    pricing: {
      prompt: '0.00000125',
      completion: '0.00001',
      input_cache_read: '0.000000125',
      web_search: '0.01',
    },
    architecture: { input_modalities: ['text', 'image', 'file'], output_modalities: ['text'] },
  });
  expect(await one('mine/Reader')).toMatchObject({ context_length: 9000, capabilities: ['pdf'] });
});

/** A picture with its usage. */
function painted(): object {
  const usage = {
    input_tokens: 100,
    output_tokens: 1000,
    total_tokens: 1100,
    input_tokens_details: { text_tokens: 100 },
  };
  return { created: 1, data: [{ b64_json: 'A'.repeat(2_000_000) }], usage };
}
