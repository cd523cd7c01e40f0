import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { chatBody } from '../e2e/http-client.js';
import { startOpenAi } from '../fakes/openai.js';
import { behind, embed, json, until } from './embedded.js';

const MB = 1024 * 1024;
/** Socket buffers of the kernel on both sides of one connection, and what the gateway may hold back. */
const IN_FLIGHT = 12 * MB;
const openai = await startOpenAi();
const gateway = await embed({ config: { providers: behind(openai) } });
const filler = 'lorem ipsum '.repeat(340);

afterAll(async () => {
  await gateway.close();
  await openai.close();
});

function* events(count: number): Generator<string> {
  for (let i = 0; i < count; i++)
    yield `data: ${JSON.stringify({ id: 'x', choices: [{ index: 0, delta: { content: `${i};${filler}` } }] })}\n\n`;
}
const stream = (): Promise<Response> =>
  gateway.fetch('/v1/chat/completions', json(chatBody('openai/gpt-4o', { stream: true })));

it('a reader that stops pauses the provider; when it goes on it gets every event', async () => {
  const count = 10_000;
  openai.next({ events: events(count) });
  const response = await stream();
  const upstream = await openai.request();
  let before = -1;
  await until('nothing moves', async () => {
    const still = upstream.bytesSent > 0 && upstream.bytesSent === before;
    before = upstream.bytesSent;
    await sleep(150);
    return still;
  });
  expect(upstream.bytesSent).toBeLessThan(IN_FLIGHT);
  const text = await response.text();
  expect(text.match(/"content":"\d+;/g)).toHaveLength(count);
  expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
}, 60_000);

it('a slow reader holds the provider to its own speed', async () => {
  openai.reset();
  openai.next({ events: events(50_000) });
  const response = await stream();
  const upstream = await openai.request();
  const reader = response.body?.getReader();
  let read = 0;
  for (let i = 0; i < 60; i++) {
    read += (await reader?.read())?.value?.length ?? 0;
    await sleep(10);
  }
  expect(upstream.bytesSent).toBeLessThan(read + IN_FLIGHT);
  await reader?.cancel();
  await upstream.gone;
});
