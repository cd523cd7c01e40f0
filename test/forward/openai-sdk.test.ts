import OpenAI, { toFile } from 'openai';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { settledById } from '../e2e/settled.js';
import { formFields } from '../fakes/form-fields.js';
import { NOISE } from '../fakes/openai-platform.js';
import { KEY, OPENAI_KEY, SECOND_KEYS, startTwoAccounts } from './setup.js';

const setup = await startTwoAccounts();
const { openai, second, gateway } = setup;
const client = new OpenAI({ apiKey: KEY, baseURL: `${gateway.url}/v1`, maxRetries: 0, timeout: 10_000 });
const inSecond = { headers: { 'x-headgate-provider': 'second' } };
const jsonl = () => toFile(Buffer.from('{"a":1}\n{"b":2}\n'), 'in.jsonl', { type: 'application/jsonl' });

beforeEach(() => setup.reset());
afterAll(() => setup.close());

describe('files', () => {
  it('are uploaded, listed, read and deleted at the default provider, with its key', async () => {
    const file = await client.files.create({ file: await jsonl(), purpose: 'batch' });
    expect(file).toMatchObject({ object: 'file', bytes: 16, filename: 'in.jsonl', purpose: 'batch' });
    const [upload] = openai.received;
    expect(upload?.key).toBe(OPENAI_KEY);
    expect(JSON.stringify(upload?.headers)).not.toContain(KEY);
    expect(upload?.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/);

    expect((await client.files.list()).data.map(({ id }) => id)).toEqual([file.id]);
    expect(await client.files.retrieve(file.id)).toEqual(file);
    const content = await client.files.content(file.id);
    expect(await content.text()).toBe('{"a":1}\n{"b":2}\n');
    expect(await client.files.delete(file.id)).toEqual({ id: file.id, object: 'file', deleted: true });
    await expect(client.files.retrieve(file.id)).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    expect(second.received).toEqual([]);
  });

  it('belong to the provider and the key that they were made with', async () => {
    const keys = new Set<string>();
    // Chance picks the key: on until it has picked both.
    for (let i = 0; i < 8 || (keys.size < 2 && i < 60); i++) {
      const file = await client.files.create({ file: await jsonl(), purpose: 'batch' }, inSecond);
      const maker = second.received.at(-1)?.key ?? '';
      keys.add(maker);
      // Another account of the same provider knows nothing of it, and no header says where it is.
      expect((await client.files.retrieve(file.id)).id).toBe(file.id);
      expect(second.received.at(-1)?.key).toBe(maker);
      const batch = await client.batches.create({
        input_file_id: file.id,
        endpoint: '/v1/chat/completions',
        completion_window: '24h',
      });
      expect((await client.batches.cancel(batch.id)).status).toBe('cancelling');
      expect(second.received.at(-1)?.key).toBe(maker);
    }
    expect([...keys].toSorted()).toEqual([...SECOND_KEYS]);
    expect(openai.received).toEqual([]);
  });
});

describe('what names a model', () => {
  it('goes to the model’s provider under the model’s own name', async () => {
    const { data, response } = await client.images
      .generate({ model: 'painter', prompt: 'a cat' })
      .withResponse();
    expect(data).toMatchObject({ data: [{ b64_json: 'AAAA' }], model: 'gpt-image-1' });
    expect(response.headers.get('x-headgate-provider')).toBe('second');
    const line = await settledById(gateway, response.headers.get('x-headgate-request-id'));
    expect(line).toMatchObject({ operation: 'image', model: 'painter', status: 200, key: 'everything' });
    expect(JSON.stringify(line)).toContain('4160');
  });

  it('has it replaced in a form, whose other bytes stay', async () => {
    const image = await toFile(NOISE, 'cat.png', { type: 'image/png' });
    const edited = await client.images.edit({ model: 'painter', prompt: 'a hat\r\non it', image });
    expect(edited).toMatchObject({ model: 'gpt-image-1', prompt: 'a hat\r\non it' });
    const [request] = second.received;
    const fields = formFields(request?.body ?? Buffer.alloc(0), request?.headers['content-type'] ?? '');
    expect(fields.find(({ name }) => name === 'image')?.value.equals(NOISE)).toBe(true);
    expect(Number(request?.headers['content-length'] ?? request?.body.length)).toBe(request?.body.length);
  });

  it('may stand behind the file, as in the SDK’s own examples', async () => {
    const file = await toFile(NOISE, 'a.mp3', { type: 'audio/mpeg' });
    const heard = await client.audio.transcriptions.create({ file, model: 'ears' });
    expect(heard).toMatchObject({ text: `${NOISE.length} bytes`, model: 'gpt-4o-transcribe' });
    const translated = client.audio.translations.create({
      file: await toFile(NOISE, 'a.mp3'),
      model: 'ears',
    });
    await expect(translated).rejects.toMatchObject({ status: 404 });
  });

  it('gets binary answers as they are', async () => {
    const spoken = await client.audio.speech.create({ model: 'voice', voice: 'alloy', input: 'Hi' });
    expect(spoken.headers.get('content-type')).toBe('audio/mpeg');
    expect(Buffer.from(await spoken.arrayBuffer()).equals(NOISE)).toBe(true);
    expect(openai.received[0]?.json()).toEqual({ model: 'tts-1', voice: 'alloy', input: 'Hi' });
  });

  it('falls back along the model’s chain', async () => {
    openai.next({ status: 503 });
    const spoken = await client.audio.speech.create({ model: 'voice', voice: 'alloy', input: 'Hi' });
    expect(spoken.headers.get('x-headgate-provider')).toBe('second');
    expect(spoken.headers.get('x-headgate-attempts')).toBe('2');
    expect(second.received[0]?.json()['model']).toBe('tts-1-hd');
  });

  it('that nobody knows goes to the default provider', async () => {
    const result = await client.moderations.create({ model: 'omni-moderation-latest', input: 'fine' });
    expect(result.model).toBe('omni-moderation-latest');
    expect(openai.received[0]?.url).toBe('/v1/moderations');
  });
});

describe('other paths', () => {
  it('keep their query byte for byte', async () => {
    const jobs = await client.fineTuning.jobs.list({ limit: 2, metadata: { team: 'a b', env: 'ü' } });
    const [sent] = openai.received;
    expect(sent?.url).toMatch(/^\/v1\/fine_tuning\/jobs\?/);
    expect(jobs.data[0]).toMatchObject({ asked: sent?.url });
    openai.reset();
    const odd = '/v1/fine_tuning/jobs?a[]=1&a[]=2&b=%20x+y&c&d==&e=%zz&f=a,b';
    await fetch(`${gateway.url}${odd}`, { headers: { authorization: `Bearer ${KEY}` } });
    expect(openai.received[0]?.url).toBe(odd);
  });

  it('work with the rest of the client', async () => {
    const store = await client.vectorStores.create({ name: 'docs' }, inSecond);
    expect(await client.vectorStores.retrieve(store.id)).toMatchObject({ name: 'docs' });
    expect(await client.vectorStores.delete(store.id)).toMatchObject({ deleted: true });
    const box = await client.containers.create({ name: 'box' }, inSecond);
    expect(await client.containers.retrieve(box.id)).toMatchObject({ status: 'running' });
    const talk = await client.conversations.create({}, inSecond);
    expect(await client.conversations.retrieve(talk.id)).toMatchObject({ object: 'conversation' });
    expect(openai.received).toEqual([]);
    expect((await client.models.retrieve('painter')).id).toBe('painter');
  });

  it('have typed errors in the provider’s words', async () => {
    openai.next(
      { status: 404, error: { message: 'No such thing' } },
      { status: 429, headers: { 'retry-after': '7' } },
      { status: 403, error: { message: `Not for ${OPENAI_KEY}` } },
      { status: 401 },
      { status: 500 },
    );
    const ask = (): Promise<unknown> => client.post('/organization/costs', { body: {} });
    await expect(ask()).rejects.toMatchObject({ status: 404, message: '404 No such thing' });
    const limited = await ask().catch((error: unknown) => error);
    expect(limited).toBeInstanceOf(OpenAI.RateLimitError);
    expect((limited as InstanceType<typeof OpenAI.APIError>).headers?.get('retry-after')).toBe('7');
    const denied = await ask().catch((error: unknown) => error);
    expect(denied).toBeInstanceOf(OpenAI.PermissionDeniedError);
    expect(String(denied)).not.toContain(OPENAI_KEY);
    await expect(ask()).rejects.toMatchObject({ status: 502, code: 'provider_refused_key' });
  });

  it('answer an aborted client’s provider with an abort', async () => {
    openai.next({ hangAfter: 'head' });
    const aborter = new AbortController();
    const asked = client.get('/evals', { signal: aborter.signal }) as Promise<unknown>;
    const request = await openai.request();
    aborter.abort();
    await expect(asked).rejects.toBeInstanceOf(OpenAI.APIUserAbortError);
    await request.gone;
  });
});
