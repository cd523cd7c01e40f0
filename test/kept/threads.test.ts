import OpenAI from 'openai';
import { afterAll, expect, it } from 'vitest';
import { startHeadgate, stopCleanly } from '../e2e/harness.js';

const gateway = await startHeadgate({
  config: { server: { threads: 2 }, observability: { log_bodies: true } },
});
afterAll(() => stopCleanly(gateway));

/** A client whose every request is a connection of its own, so that the system spreads them over the threads. */
const client = new OpenAI({
  apiKey: 'none',
  baseURL: `${gateway.url}/v1`,
  maxRetries: 0,
  defaultHeaders: { connection: 'close' },
});

/** Ids end in what is of their thread. */
const threadOf = (response: Response): string =>
  response.headers.get('x-headgate-request-id')?.slice(-10) ?? '';

/** Asks until both threads have answered. */
async function byBoth<T>(ask: () => Promise<{ data: T; response: Response }>): Promise<T[]> {
  const answers = new Map<string, T>();
  for (let i = 0; i < 60 && answers.size < 2; i++) {
    const { data, response } = await ask();
    answers.set(threadOf(response), data);
  }
  expect(answers.size).toBe(2);
  return [...answers.values()];
}

it('what one thread keeps, every thread reads, goes on from, lists and deletes', async () => {
  const first = await client.responses.create({ model: 'mock/echo', input: 'my name is Ann' });
  expect(first.id).toMatch(/^resp_hg/);
  for (const read of await byBoth(() => client.responses.retrieve(first.id).withResponse()))
    expect(read.output_text).toBe(first.output_text);
  for (const page of await byBoth(() => client.responses.inputItems.list(first.id).withResponse()))
    expect(JSON.stringify(page.data)).toContain('my name is Ann');

  const next = await byBoth(() =>
    client.responses
      .create({ model: 'mock/echo', input: 'and now?', previous_response_id: first.id })
      .withResponse(),
  );
  for (const { id } of next) {
    const [items] = await byBoth(() => client.responses.inputItems.list(id).withResponse());
    expect(JSON.stringify(items?.data)).toMatch(/and now\?.*my name is Ann/s);
  }

  await client.responses.delete(first.id);
  const gone = await byBoth(async () => {
    const response = await fetch(`${gateway.url}/v1/responses/${first.id}`, {
      headers: { connection: 'close' },
    });
    return { data: response.status, response };
  });
  expect(gone).toEqual([404, 404]);
});

it('an answer in the background is seen and cancelled from the thread that does not run it', async () => {
  for (let seen = new Set<string>(), i = 0; i < 60 && seen.size < 2; i++) {
    const { data, response } = await client.responses
      .create({ model: 'mock/slow-20000', input: 'wait', background: true })
      .withResponse();
    const cancelled = await client.responses.cancel(data.id).withResponse();
    expect(cancelled.data.status).toBe('cancelled');
    // Both pairs count: begun and stopped on one thread, and on two.
    seen = seen.add(threadOf(response) === threadOf(cancelled.response) ? 'same' : 'other');
    if (i === 59) expect(seen.size).toBe(2);
  }
});

it('what one thread has answered is asked again in every thread, and compared', async () => {
  const first = await client.chat.completions
    .create({ model: 'mock/echo', messages: [{ role: 'user', content: 'Say it again' }], stream: true })
    .withResponse();
  for await (const _ of first.data);
  const id = first.response.headers.get('x-headgate-request-id');
  const threads = new Set<string>();
  for (let i = 0; i < 2; i++) {
    const answer = await fetch(`${gateway.url}/api/requests/${id}/replay`, { method: 'POST' });
    const told = (await answer.json()) as { id: string; status: number; difference: { text: unknown } };
    expect(told).toMatchObject({ status: 200, difference: { text: [{ op: 'same' }] } });
    threads.add(told.id.slice(-10));
    const compared = await fetch(`${gateway.url}/api/requests/${id}/compare/${told.id}`);
    expect(await compared.json()).toMatchObject({ difference: told.difference });
  }
  expect(threads.size).toBe(2);
});
