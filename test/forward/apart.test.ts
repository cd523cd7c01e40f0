import OpenAI, { toFile } from 'openai';
import { afterAll, describe, expect, it } from 'vitest';
import { startOpenAiPlatform } from '../fakes/openai-platform.js';
import { embed } from '../gateway/embedded.js';

const provider = await startOpenAiPlatform('one');
const A = 'hg-key-of-anna-0123456789';
const B = 'hg-key-of-bert-0123456789';
const start = (more: object = {}) =>
  embed({
    config: {
      auth: { required: true },
      providers: { openai: { base_url: `${provider.url}/v1`, keys: [{ value: 'sk-one-0123456789' }] } },
      keys: [
        { name: 'anna', value: A },
        { name: 'bert', value: B },
      ],
      ...more,
    },
  });
const gateway = await start();
const shared = await start({ objects: { shared: true } });
const clientOf = (apiKey: string, of = gateway): OpenAI =>
  new OpenAI({ apiKey, baseURL: 'http://gateway/v1', fetch: of.fetch, maxRetries: 0 });
const [anna, bert] = [clientOf(A), clientOf(B)];
const upload = async (client: OpenAI) =>
  client.files.create({ file: await toFile(Buffer.from('hello'), 'a.jsonl'), purpose: 'batch' });
const idsOf = (list: { data: readonly { id: string }[] }) => list.data.map(({ id }) => id);
afterAll(async () => {
  await gateway.close();
  await shared.close();
  await provider.close();
});

const missing = { status: 404, code: 'object_not_found' };

describe('what was made with one virtual key', () => {
  it('is not there for another: not to be read, used, changed or deleted', async () => {
    const file = await upload(anna);
    provider.received.length = 0;
    await expect(bert.files.retrieve(file.id)).rejects.toMatchObject(missing);
    await expect(bert.files.content(file.id)).rejects.toMatchObject(missing);
    await expect(bert.files.delete(file.id)).rejects.toMatchObject(missing);
    const batch = {
      input_file_id: file.id,
      endpoint: '/v1/chat/completions',
      completion_window: '24h',
    } as const;
    await expect(bert.batches.create(batch)).rejects.toMatchObject(missing);
    const headers = { authorization: `Bearer ${B}` };
    const hidden = `${file.id.slice(0, -1)}%${file.id.charCodeAt(file.id.length - 1).toString(16)}`;
    for (const path of [
      `/passthrough/openai/v1/files/${file.id}`,
      `/passthrough/openai/files/${file.id}/content`,
      `/v1/files/${hidden}`,
    ])
      expect((await gateway.fetch(path, { headers })).status, path).toBe(404);
    const padded = JSON.stringify({ ...batch, metadata: { padding: 'x'.repeat(300_000) } });
    const posted = await gateway.fetch('/v1/batches', {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: padded,
    });
    expect(posted.status).toBe(404);
    expect(provider.received).toEqual([]);
    expect(await (await anna.files.content(file.id)).text()).toBe('hello');
    expect(await anna.files.delete(file.id)).toMatchObject({ deleted: true });
  });

  it('is not in its lists either; what nobody made through the gateway is', async () => {
    const mine = await upload(anna);
    const theirs = await upload(bert);
    const outside = new OpenAI({ apiKey: 'sk-one-0123456789', baseURL: `${provider.url}/v1` });
    const old = await upload(outside);
    expect(idsOf(await anna.files.list())).toEqual([mine.id, old.id]);
    expect(idsOf(await bert.files.list())).toEqual([theirs.id, old.id]);
    const raw = await gateway.fetch('/passthrough/openai/v1/files', {
      headers: { authorization: `Bearer ${B}` },
    });
    expect(idsOf((await raw.json()) as { data: { id: string }[] })).toEqual([theirs.id, old.id]);
    // Having seen it in a list makes it nobody's own.
    expect(await anna.files.retrieve(old.id)).toMatchObject({ id: old.id });
    expect(await bert.files.retrieve(old.id)).toMatchObject({ id: old.id });
  });

  it('has what comes of it for its own', async () => {
    const file = await upload(anna);
    const made = { id: 'batch_one123', object: 'batch', input_file_id: file.id };
    provider.next({ body: JSON.stringify(made) });
    await anna.batches.create({
      input_file_id: file.id,
      endpoint: '/v1/chat/completions',
      completion_window: '24h',
    });
    provider.next({ body: JSON.stringify({ ...made, output_file_id: 'file-output123' }) });
    await anna.batches.retrieve('batch_one123');
    await expect(bert.files.content('file-output123')).rejects.toMatchObject(missing);
  });

  it('may be where a page of a list begins', async () => {
    const file = await upload(anna);
    await upload(bert);
    expect(idsOf(await bert.files.list({ after: file.id }))).not.toContain(file.id);
  });

  it('is there for all where the configuration says so', async () => {
    const file = await upload(clientOf(A, shared));
    expect(await clientOf(B, shared).files.retrieve(file.id)).toMatchObject({ id: file.id });
    expect(idsOf(await clientOf(B, shared).files.list())).toContain(file.id);
  });
});
