import { setTimeout as sleep } from 'node:timers/promises';
import { definePlugin, type JsonValue, reply } from '@headgate/sdk';
import OpenAI, { toFile } from 'openai';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { NOISE, startOpenAiPlatform } from '../fakes/openai-platform.js';
import { embed } from '../gateway/embedded.js';

const openai = await startOpenAiPlatform('one');
const second = await startOpenAiPlatform('two');
const told: { operation: string; model: string; status: number }[] = [];
const seen: { operation: string; model: string; body: number; path: string; field: JsonValue | undefined }[] =
  [];
let taps = 0;
const LIMITED = 'hg-limited-key-0123456789';
const POOR = 'hg-poor-key-0123456789';

const watcher = definePlugin({
  name: 'watcher',
  version: '1.0.0',
  needs: { request: 'head', response: 'bytes' },
  setup: () => ({
    async identify(view) {
      // While a gate thinks, an upload must not be lost or gathered.
      if (view.headers.get('x-slow') !== undefined) await sleep(100);
      return undefined;
    },
    request(view) {
      const { operation, model, body, path } = view;
      seen.push({
        operation,
        model,
        body: body.length,
        path,
        field: body.length === 0 ? undefined : view.field('n'),
      });
      return view.headers.get('x-stop') === undefined
        ? undefined
        : reply.error('permission', 'stopped', 'Not today.');
    },
    route: (targets, view) =>
      view.headers.get('x-backwards') === undefined ? targets : [...targets].reverse(),
    async head(verdict, view) {
      if (view.headers.get('x-refuse') === undefined || view.attempt > 1) return verdict;
      // While it thinks, the answer waits.
      await sleep(30);
      return { action: 'next' };
    },
    upstream: (head) => ({ ...head, headers: [...head.headers, 'x-from-plugin', 'yes'] }),
    bytes(chunk) {
      taps += chunk.length;
    },
    settled({ operation, model, status }) {
      told.push({ operation, model, status });
    },
  }),
});
const guard = definePlugin({
  name: 'guard',
  version: '1.0.0',
  needs: { request: 'canonical', response: 'none' },
  setup: () => ({
    request: (view) =>
      view.request.messages.length > 99 ? reply.error('permission', 'long', 'Too long.') : undefined,
  }),
});

const gateway = await embed({
  config: {
    auth: { required: false },
    providers: {
      openai: { base_url: `${openai.url}/v1`, keys: [{ value: 'sk-one-0123456789' }] },
      second: { extends: 'openai', base_url: `${second.url}/v1`, keys: [{ value: 'sk-two-0123456789' }] },
    },
    models: {
      ears: { targets: ['openai/whisper-1', 'second/gpt-4o-transcribe'], retries: { attempts: 1 } },
      painter: { targets: ['openai/gpt-image-1'] },
    },
    keys: [
      { name: 'limited', value: LIMITED, limits: { rpm: 2 } },
      { name: 'poor', value: POOR, budget: { usd: 0.27, per: 'day' } },
    ],
  },
  plugins: [watcher, guard],
});
const client = (apiKey = 'none'): OpenAI =>
  new OpenAI({ apiKey, baseURL: 'http://gateway/v1', fetch: gateway.fetch, maxRetries: 0 });
const noise = () => toFile(NOISE, 'a.wav');

beforeEach(() => {
  openai.reset();
  second.reset();
  told.length = 0;
  seen.length = 0;
  taps = 0;
});
afterAll(async () => {
  await gateway.close();
  await openai.close();
  await second.close();
});

describe('plugins and what is only forwarded', () => {
  it('see head and bytes of requests, change their upstream head, tap answers, and are told the end', async () => {
    await client().images.generate({ model: 'painter', prompt: 'x', n: 2 });
    expect(seen).toMatchObject([
      { operation: 'image', model: 'painter', path: '/v1/images/generations', field: 2 },
    ]);
    expect(openai.received[0]?.headers['x-from-plugin']).toBe('yes');
    expect(taps).toBeGreaterThan(50);
    expect(told).toEqual([{ operation: 'image', model: 'painter', status: 200 }]);
  });

  it('choose the order of a model’s targets, and say what becomes of an answer', async () => {
    const hear = async (headers: Record<string, string>) =>
      client().audio.transcriptions.create({ file: await noise(), model: 'ears' }, { headers });
    expect(await hear({})).toMatchObject({ model: 'whisper-1' });
    expect(await hear({ 'x-backwards': '1' })).toMatchObject({ model: 'gpt-4o-transcribe' });
    expect(await hear({ 'x-refuse': '1' })).toMatchObject({ model: 'gpt-4o-transcribe' });
    expect(await hear({ 'x-refuse': '1', 'x-backwards': '1' })).toMatchObject({ model: 'whisper-1' });
  });

  it('do not see the bytes of an upload, which waits while one thinks', async () => {
    const file = await client().files.create(
      { file: await noise(), purpose: 'batch' },
      { headers: { 'x-slow': '1' } },
    );
    expect(file.bytes).toBe(NOISE.length);
    expect(seen).toMatchObject([{ operation: 'file', body: 0 }]);
  });

  it('may stop an upload before a byte of it was passed on', async () => {
    const asked = client().files.create(
      { file: await noise(), purpose: 'batch' },
      { headers: { 'x-stop': '1' } },
    );
    await expect(asked).rejects.toMatchObject({ status: 403, code: 'stopped' });
    expect(openai.received).toEqual([]);
    expect(told).toEqual([{ operation: 'file', model: '', status: 403 }]);
  });

  it('that must read chats are not passed by on a provider’s own path', async () => {
    const chat = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"model":"m","messages":[]}',
    };
    for (const path of ['/passthrough/openai/v1/chat/completions', '/passthrough/openai/responses']) {
      const answer = await gateway.fetch(path, chat);
      expect([answer.status, await answer.json()], path).toMatchObject([
        403,
        { error: { code: 'forward_unguarded' } },
      ]);
    }
    expect(openai.received).toEqual([]);
    expect((await gateway.fetch('/passthrough/openai/v1/moderations', chat)).status).toBe(200);
  });

  it('hold a key’s requests a minute', async () => {
    const limited = client(LIMITED);
    await limited.files.list();
    await limited.moderations.create({ input: 'x' });
    await expect(limited.files.list()).rejects.toMatchObject({ status: 429, code: 'rate_limit_exceeded' });
  });

  it('hold a key’s budget: used up, it refuses what costs something and nothing else', async () => {
    const poor = client(POOR);
    const paint = () => poor.images.generate({ model: 'painter', prompt: 'x' });
    await paint();
    await expect(paint()).rejects.toMatchObject({ status: 402, code: 'budget_exceeded' });
    await poor.files.list();
    await poor.files.create({ file: await noise(), purpose: 'batch' });
  });
});

describe('a form that is held', () => {
  it('goes to the next target when the first one fails, with that one’s model', async () => {
    openai.next({ status: 503 });
    const heard = await client().audio.transcriptions.create({ file: await noise(), model: 'ears' });
    expect(heard).toMatchObject({ text: `${NOISE.length} bytes`, model: 'gpt-4o-transcribe' });
  });

  it('does so from the file that it waits in, when it is large', async () => {
    const large = Buffer.alloc(3_000_000, NOISE);
    openai.next({ cutBeforeHead: true });
    const heard = await client().audio.transcriptions.create({
      file: await toFile(large, 'a.wav'),
      model: 'ears',
    });
    expect(heard).toMatchObject({ text: '3000000 bytes', model: 'gpt-4o-transcribe' });
    expect(second.received[0]?.body.includes(large)).toBe(true);
  });
});

describe('a provider inside the process', () => {
  it('is asked with a whole body', async () => {
    const answer = await gateway.fetch('/passthrough/mock/v1/nothing', { method: 'POST', body: NOISE });
    expect(answer.status).toBe(404);
  });
});
