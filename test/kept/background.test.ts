import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type OpenAI from 'openai';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { createGateway } from '../../dist/bin/library.js';
import { ended, until } from '../gateway/embedded.js';
import { clientOf, configOf, refusal, startKept } from './setup.js';

const kept = await startKept();
const { client, anthropic, openai, gateway } = kept;
const long = { text: 'A long answer that comes piece by piece, so that it can be stopped in between.' };

beforeEach(() => {
  anthropic.reset();
  openai.reset();
});
afterAll(() => kept.close());

const begin = (more: object = {}) =>
  client.responses.create({ model: 'claude', input: 'Think hard.', background: true, ...more });

async function whenDone(id: string): Promise<OpenAI.Responses.Response> {
  let answer = await client.responses.retrieve(id);
  await until(`${id} ends`, async () => {
    answer = await client.responses.retrieve(id);
    return answer.status !== 'queued' && answer.status !== 'in_progress';
  });
  return answer;
}

describe('a response in the background, from a provider that has none', () => {
  it('is queued at once, in progress while it is made, and then complete with its cost', async () => {
    const before = await ended(gateway, 'ok');
    anthropic.next({ delayHeadMs: 150, answer: { text: 'Done.' } });
    const queued = await begin({ metadata: { a: 'b' } });
    expect(queued).toMatchObject({ status: 'queued', background: true, output: [], metadata: { a: 'b' } });
    expect((await client.responses.retrieve(queued.id)).status).toBe('in_progress');
    const early = await refusal(
      client.responses.create({ model: 'claude', input: 'x', previous_response_id: queued.id }),
    );
    expect(early).toMatchObject({ status: 400, code: 'previous_response_unfinished' });
    const done = await whenDone(queued.id);
    expect(done).toMatchObject({
      id: queued.id,
      status: 'completed',
      background: true,
      output_text: 'Done.',
    });
    expect(done.usage?.total_tokens).toBeGreaterThan(0);
    await until('it is settled', async () => (await ended(gateway, 'ok')) > before);
    const next = await client.responses.create({
      model: 'claude',
      input: 'x',
      previous_response_id: queued.id,
    });
    expect(next.status).toBe('completed');
    expect(await client.responses.cancel(queued.id)).toMatchObject({ status: 'completed' });
  });

  it('stops when it is cancelled, at the provider too', async () => {
    anthropic.next({ hangAfter: 'head' });
    const { id } = await begin();
    const request = await anthropic.request();
    expect(await client.responses.cancel(id)).toMatchObject({ id, status: 'cancelled' });
    await request.gone;
    expect(await client.responses.cancel(id)).toMatchObject({ id, status: 'cancelled' });
    expect((await client.responses.retrieve(id)).status).toBe('cancelled');
  });

  it('stops when it is deleted', async () => {
    anthropic.next({ hangAfter: 'head' });
    const { id } = await begin();
    const request = await anthropic.request();
    await client.responses.delete(id);
    await request.gone;
    expect(await refusal(client.responses.retrieve(id))).toMatchObject({ status: 404 });
  });

  it('says why it has failed', async () => {
    anthropic.next({ status: 400, error: { message: 'too many pirates' } });
    const { id } = await begin();
    const failed = await whenDone(id);
    expect(failed).toMatchObject({ status: 'failed', output: [] });
    expect(failed.error?.message).toContain('too many pirates');
  });

  it('goes on when its stream is left, and can be come back to after any event', async () => {
    anthropic.next({ answer: long, delayBetweenMs: 30 });
    const stream = await client.responses.create({
      model: 'claude',
      input: 'Hi',
      background: true,
      stream: true,
    });
    const seen = [];
    for await (const event of stream) {
      seen.push(event);
      if (event.type === 'response.output_text.delta') break;
    }
    const [first] = seen;
    const id = first?.type === 'response.created' ? first.response.id : '';
    const last = seen.at(-1)?.sequence_number ?? 0;
    for await (const event of await client.responses.retrieve(id, { stream: true, starting_after: last }))
      seen.push(event);
    expect(seen.map((event) => event.sequence_number)).toEqual(seen.map((_, i) => i));
    expect(seen.at(-1)?.type).toBe('response.completed');
    const text = seen
      .map((event) => (event.type === 'response.output_text.delta' ? event.delta : ''))
      .join('');
    expect(text).toBe(long.text);
    expect((await client.responses.retrieve(id)).output_text).toBe(long.text);
  });

  it('needs to be kept', async () => {
    expect(await refusal(begin({ store: false }))).toMatchObject({
      status: 400,
      code: 'background_not_kept',
    });
    expect(anthropic.received).toHaveLength(0);
  });

  it('is left to a provider that has it', async () => {
    const { id, status } = await begin({ model: 'gpt' });
    expect(status).toBe('queued');
    expect(openai.received[0]?.json()).toMatchObject({ background: true });
    const key = openai.received[0]?.key;
    expect((await client.responses.retrieve(id)).status).toBe('completed');
    expect(await client.responses.cancel(id)).toMatchObject({ status: 'cancelled' });
    expect(openai.received.map((request) => request.key)).toEqual([key, key, key]);
  });
});

describe('responses over the end of a gateway', () => {
  it('can be gone on from, and what was cut off in the background has failed', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'headgate-kept-'));
    const config = configOf(anthropic, openai, { server: { drain_timeout: '50ms' } });
    const start = () => createGateway({ dataDir, env: {}, port: 0, config } as never);
    const first = await start();
    const one = clientOf(first as never);
    const done = await one.responses.create({ model: 'claude', input: 'Remember me.' });
    anthropic.next({ hangAfter: 'head' });
    const cut = await one.responses.create({ model: 'claude', input: 'Hi', background: true });
    await anthropic.request(2);
    await first.close();
    const second = await start();
    const two = clientOf(second as never);
    await two.responses.create({ model: 'claude', input: 'Go on.', previous_response_id: done.id });
    expect(anthropic.received.at(-1)?.body.toString()).toContain('Remember me.');
    expect(await two.responses.retrieve(cut.id)).toMatchObject({
      status: 'failed',
      error: { code: 'gateway_stopping' },
    });
    await second.close();
    rmSync(dataDir, { recursive: true });
  });
});

describe('responses of a gateway that keeps none', () => {
  it('are not kept, and none runs in the background', async () => {
    const config = configOf(anthropic, openai, { responses: { store: false } });
    const dataDir = mkdtempSync(join(tmpdir(), 'headgate-kept-'));
    const off = await createGateway({ dataDir, env: {}, port: 0, config } as never);
    const one = clientOf(off as never);
    const { id } = await one.responses.create({ model: 'claude', input: 'Hi' });
    expect(id).not.toMatch(/^resp_hg/);
    expect(
      await refusal(one.responses.create({ model: 'claude', input: 'Hi', background: true })),
    ).toMatchObject({
      code: 'background_not_kept',
    });
    await off.close();
    rmSync(dataDir, { recursive: true });
  });
});
