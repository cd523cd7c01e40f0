import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { chatBody } from '../e2e/http-client.js';
import { startOpenAi } from '../fakes/openai.js';
import { behind, embed, ended, json, until } from './embedded.js';

const WITHIN_MS = 100;
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const openai = await startOpenAi();
const gateway = await embed({ config: { providers: behind(openai) } });
const chat = (more: object = {}, init: RequestInit = {}): Promise<Response> =>
  gateway.fetch('/v1/chat/completions', json(chatBody('openai/gpt-4o', more), init));
const leavers = (): Promise<number> => ended(gateway, 'client-closed');

beforeEach(() => openai.reset());
afterAll(async () => {
  await gateway.close();
  await openai.close();
});

describe('a caller that aborts', () => {
  it('before anything has come stops the provider, and gets its own reason', async () => {
    const reason = new Error('too slow');
    const leaveEarly = async (): Promise<number> => {
      openai.reset();
      openai.next({ hangAfter: 'head' });
      const leave = new AbortController();
      const answer = chat({}, { signal: leave.signal });
      const upstream = await openai.request();
      const leftAt = performance.now();
      leave.abort(reason);
      await expect(answer).rejects.toBe(reason);
      return (await upstream.gone) - leftAt;
    };
    // The very first request of a process compiles what it runs through.
    await leaveEarly();
    const before = await leavers();
    expect(await leaveEarly()).toBeLessThan(WITHIN_MS);
    expect(await leavers()).toBe(before + 1);
    expect(openai.received).toHaveLength(1);
  });

  it('in the middle of a stream stops the provider, and the stream fails with its reason', async () => {
    const before = await leavers();
    openai.next({ hangAfter: 4 });
    const leave = new AbortController();
    const reader = (await chat({ stream: true }, { signal: leave.signal })).body?.getReader();
    await reader?.read();
    const upstream = await openai.request();
    const leftAt = performance.now();
    leave.abort();
    await expect(
      (async () => {
        while ((await reader?.read())?.done === false);
      })(),
    ).rejects.toMatchObject({ name: 'AbortError' });
    expect((await upstream.gone) - leftAt).toBeLessThan(WITHIN_MS);
    expect(await leavers()).toBe(before + 1);
  });

  it('by the signal of a Request that nobody else holds is heard all the same', async () => {
    openai.next({ hangAfter: 'head' });
    const leave = new AbortController();
    const request = (): Request =>
      new Request(
        'http://headgate/v1/chat/completions',
        json(chatBody('openai/gpt-4o'), { signal: leave.signal }),
      );
    const answer = gateway.fetch(request());
    const upstream = await openai.request();
    // The signal of such a Request is fed through a weak reference to the Request.
    for (let i = 0; i < 3; i++) {
      collectGarbage();
      await sleep(10);
    }
    leave.abort();
    await expect(answer).rejects.toMatchObject({ name: 'AbortError' });
    await upstream.gone;
  });

  it('before it asks costs nothing', async () => {
    await expect(chat({}, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
    expect(openai.received).toHaveLength(0);
  });

  it('while a retry is due gets no further attempt', async () => {
    openai.next({ status: 503, headers: { 'retry-after': '1' } });
    const leave = new AbortController();
    const answer = chat({}, { signal: leave.signal });
    await openai.request();
    await sleep(50);
    leave.abort();
    await expect(answer).rejects.toMatchObject({ name: 'AbortError' });
    await sleep(1_200);
    expect(openai.received).toHaveLength(1);
  });

  it('after it has everything is no caller that left', async () => {
    const before = await leavers();
    const leave = new AbortController();
    for (const stream of [false, true]) {
      const response = await chat({ stream }, { signal: leave.signal });
      expect(await response.text()).not.toBe('');
    }
    leave.abort();
    expect(await leavers()).toBe(before);
  });
});

describe('a caller that leaves otherwise', () => {
  it('by cancelling the body stops the provider', async () => {
    const before = await leavers();
    openai.next({ hangAfter: 4 });
    const response = await chat({ stream: true });
    const upstream = await openai.request();
    const leftAt = performance.now();
    await response.body?.cancel();
    expect((await upstream.gone) - leftAt).toBeLessThan(WITHIN_MS);
    expect(await leavers()).toBe(before + 1);
  });

  it('by failing to send its body costs no provider anything', async () => {
    const failure = new Error('the disk is gone');
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(Buffer.from('{"model":"openai/gpt-4o",')),
      async pull(controller) {
        await sleep(20);
        controller.error(failure);
      },
    });
    const before = await leavers();
    await expect(
      gateway.fetch('/v1/chat/completions', { method: 'POST', body, duplex: 'half' } as RequestInit),
    ).rejects.toBe(failure);
    expect(await leavers()).toBe(before + 1);
    expect(openai.received).toHaveLength(0);
  });

  it('by aborting its upload has no more of it asked for', async () => {
    let cancelled = false;
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(Buffer.from('{')),
      cancel: () => {
        cancelled = true;
      },
    });
    const leave = new AbortController();
    const init = { method: 'POST', body, duplex: 'half', signal: leave.signal } as RequestInit;
    const answer = gateway.fetch('/v1/chat/completions', init);
    await sleep(20);
    leave.abort();
    await expect(answer).rejects.toMatchObject({ name: 'AbortError' });
    await until('the upload is cancelled', () => cancelled);
  });
});

describe('a provider that breaks off', () => {
  it('in bytes that cannot carry an error makes the body fail, after what has come', async () => {
    const body = Buffer.alloc(40_000, 'x');
    openai.next({ headers: { 'content-type': 'audio/mpeg' }, body, cutAfterBytes: 30_000 });
    const response = await chat();
    expect(response.headers.get('content-type')).toBe('audio/mpeg');
    // All of it is here before the first read: what came must not be lost to what came after it.
    await until('the request is over', async () => (await ended(gateway, 'error')) > 0);
    let size = 0;
    const read = async (): Promise<void> => {
      for await (const chunk of response.body ?? []) size += chunk.length;
    };
    await expect(read()).rejects.toThrow('terminated');
    expect(size).toBe(30_000);
  });

  it('in a stream of events is told as an event', async () => {
    openai.next({ cutAfterEvents: 3 });
    const text = await (await chat({ stream: true })).text();
    expect(text).toContain('stream_interrupted');
  });
});
