import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { NOISE, startOpenAiPlatform } from '../fakes/openai-platform.js';
import { startSwallowing } from '../forward/swallowing.js';
import { embed, ended, until } from './embedded.js';

const MB = 1024 * 1024;
const openai = await startOpenAiPlatform('one');
const swallowing = await startSwallowing();
const gateway = await embed({
  config: {
    auth: { required: false },
    server: { body_limit: '1mb', upload_limit: '40mb' },
    providers: {
      openai: { base_url: `${openai.url}/v1`, keys: [{ value: 'sk-openai-0123456789' }] },
      deep: { extends: 'openai', base_url: `${swallowing.url}/v1`, keys: [{ value: 'sk-deep-0123456789' }] },
    },
  },
});

beforeEach(() => {
  openai.reset();
  swallowing.ended.length = 0;
});
afterAll(async () => {
  await gateway.close();
  await openai.close();
  await swallowing.close();
});

/** A body of so many pieces, and how many of them were taken so far. */
function pieces(count: number): { body: ReadableStream; taken: () => number } {
  let taken = 0;
  const body = new ReadableStream({
    pull(controller) {
      if (taken++ < count) controller.enqueue(new Uint8Array(MB).fill(taken));
      else controller.close();
    },
  });
  return { body, taken: () => taken };
}

const upload = (body: RequestInit['body'], more: RequestInit = {}): Promise<Response> =>
  gateway.fetch('/passthrough/deep/files', {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/octet-stream' },
    ...({ duplex: 'half' } as object),
    ...more,
  });

describe('fetch of a gateway without a port', () => {
  it('forwards forms and binary answers', async () => {
    const form = new FormData();
    form.set('purpose', 'batch');
    form.set('file', new Blob([NOISE]), 'a.bin');
    const made = await gateway.fetch('/v1/files', { method: 'POST', body: form });
    const { id, bytes } = (await made.json()) as { id: string; bytes: number };
    expect(bytes).toBe(NOISE.length);
    const content = await gateway.fetch(`/v1/files/${id}/content`);
    expect(Buffer.from(await content.arrayBuffer()).equals(NOISE)).toBe(true);
    const head = await gateway.fetch(`/v1/files/${id}`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  it('forwards a stream as it comes, byte for byte', async () => {
    const answer = await upload(pieces(20).body);
    expect(answer.status).toBe(200);
    const hash = createHash('sha256');
    for (let i = 1; i <= 20; i++) hash.update(Buffer.alloc(MB, i));
    expect(swallowing.ended[0]).toMatchObject({ bytes: 20 * MB, sha256: hash.digest('hex') });
  });

  it('takes no more of a stream than the provider does', async () => {
    swallowing.reading = false;
    const { body, taken } = pieces(30);
    const answer = upload(body);
    await sleep(400);
    expect(taken()).toBeLessThan(12);
    swallowing.reading = true;
    expect((await answer).status).toBe(200);
  });

  it('cuts a stream that passes the limit', async () => {
    const { body, taken } = pieces(200);
    const answer = await upload(body);
    expect(answer.status).toBe(413);
    expect(taken()).toBeLessThan(60);
    await until('the upload is cut', () => swallowing.ended[0]?.complete === false);
  });

  it('stops when the caller does', async () => {
    const before = await ended(gateway, 'client-closed');
    swallowing.reading = false;
    const aborter = new AbortController();
    const answer = upload(pieces(30).body, { signal: aborter.signal });
    await sleep(100);
    aborter.abort(new Error('enough'));
    await expect(answer).rejects.toThrow('enough');
    await until('it is settled', async () => (await ended(gateway, 'client-closed')) === before + 1);
    swallowing.reading = true;
  });

  it('fails as its body fails', async () => {
    const body = new ReadableStream({
      pull(controller) {
        controller.error(new Error('the disk is gone'));
      },
    });
    await expect(upload(body)).rejects.toThrow('the disk is gone');
  });
});
