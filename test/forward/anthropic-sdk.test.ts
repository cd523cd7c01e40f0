import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { startHeadgate, stopCleanly } from '../e2e/harness.js';
import { startAnthropicBatches } from '../fakes/anthropic-batches.js';

const KEY = 'hg-batches-key-0123456789';
const fake = await startAnthropicBatches();
const gateway = await startHeadgate({
  config: {
    providers: { anthropic: { base_url: fake.url, keys: [{ value: 'sk-ant-batches-0123456789' }] } },
    keys: [{ name: 'batches', value: KEY }],
  },
});

beforeEach(() => fake.reset());
afterAll(async () => {
  await stopCleanly(gateway);
  await fake.close();
});

describe.each([
  ['the gateway itself', ''],
  ['its base for Anthropic', '/anthropic'],
])('the Anthropic SDK before %s', (_, base) => {
  const client = new Anthropic({ apiKey: KEY, baseURL: gateway.url + base, maxRetries: 0, timeout: 10_000 });
  const requests = ['one', 'two'].map((custom_id) => ({
    custom_id,
    params: {
      model: 'claude-sonnet-5',
      max_tokens: 10,
      messages: [{ role: 'user' as const, content: 'Hi' }],
    },
  }));

  it('makes, reads, lists, cancels and deletes batches', async () => {
    const batch = await client.messages.batches.create({ requests });
    expect(batch.request_counts.succeeded).toBe(2);
    expect(fake.received[0]?.key).toBe('sk-ant-batches-0123456789');
    expect((await client.messages.batches.retrieve(batch.id)).id).toBe(batch.id);
    const listed: string[] = [];
    for await (const one of client.messages.batches.list({ limit: 20 })) listed.push(one.id);
    expect(listed).toContain(batch.id);
    expect(fake.received.at(-1)?.url).toBe('/v1/messages/batches?limit=20');
    expect((await client.messages.batches.cancel(batch.id)).processing_status).toBe('canceling');
    const betas = ['message-batches-2024-09-24'];
    expect((await client.beta.messages.batches.delete(batch.id, { betas })).type).toBe(
      'message_batch_deleted',
    );
    expect(fake.received.at(-1)?.headers['anthropic-beta']).toContain(betas[0]);
  });

  it('fetches results through the gateway, although the provider names an address of its own', async () => {
    const batch = await client.messages.batches.create({ requests });
    expect(batch.results_url).toBe(`${gateway.url}${base}/v1/messages/batches/${batch.id}/results`);
    const ids: string[] = [];
    for await (const line of await client.messages.batches.results(batch.id)) ids.push(line.custom_id);
    expect(ids).toEqual(['one', 'two']);
    expect(fake.received.at(-1)?.key).toBe('sk-ant-batches-0123456789');
  });

  it('gets typed errors', async () => {
    await expect(client.messages.batches.retrieve('msgbatch_01nothere')).rejects.toBeInstanceOf(
      Anthropic.NotFoundError,
    );
    await expect(
      new Anthropic({ apiKey: 'wrong', baseURL: gateway.url + base, maxRetries: 0 }).messages.batches.list(),
    ).rejects.toBeInstanceOf(Anthropic.AuthenticationError);
  });
});
