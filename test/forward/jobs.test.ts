import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterAll, describe, expect, it } from 'vitest';
import { embed, until } from '../gateway/embedded.js';

// What a provider does by itself is paid for like everything else. It tells what it used to whoever comes back for it, as often
// as they come: it has to be counted then, and once.

const KEY = 'hg-jobs-key-0123456789';
let answer: (path: string, response: ServerResponse) => unknown = (_path, response) => response.end();
const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => answer(request.url ?? '', response));
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const upstream = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const gateway = await embed({
  config: {
    providers: {
      openai: { base_url: `${upstream}/v1`, keys: [{ value: 'sk-fake-0123456789' }] },
      anthropic: { base_url: upstream, keys: [{ value: 'sk-ant-fake-0123456789' }] },
    },
    keys: [{ name: 'jobs', value: KEY }],
    admin: { token: 'admin-token-0123456789' },
  },
});
const { fetch } = gateway;
const openai = new OpenAI({ baseURL: 'http://headgate/v1', apiKey: KEY, fetch, maxRetries: 0 });
const anthropic = new Anthropic({ baseURL: 'http://headgate', apiKey: KEY, fetch, maxRetries: 0 });
afterAll(async () => {
  await gateway.close();
  server.closeAllConnections();
  server.close();
});

/** What all requests of a model have cost so far, nano-dollars. */
async function spent(group: 'model' | 'provider', name: string): Promise<number> {
  const response = await gateway.fetch(`/api/usage?group_by=${group}`, {
    headers: { authorization: 'Bearer admin-token-0123456789' },
  });
  const { rows } = (await response.json()) as { rows: Record<string, string | number>[] };
  return Number(rows.find((row) => row[group] === name)?.['cost_nano'] ?? 0);
}

const json =
  (body: object) =>
  (_path: string, response: ServerResponse): unknown =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));

describe('the results of a batch at Anthropic', () => {
  const line = (id: string, model: string, input: number, output: number) =>
    JSON.stringify({
      custom_id: id,
      result: {
        type: 'succeeded',
        message: {
          id: `msg_${id}`,
          type: 'message',
          role: 'assistant',
          model,
          content: [{ type: 'text', text: 'grün ☀️ '.repeat(40) }],
          stop_reason: 'end_turn',
          usage: { input_tokens: input, output_tokens: output, service_tier: 'batch' },
        },
      },
    });
  const failed = JSON.stringify({ custom_id: 'c', result: { type: 'errored', error: { type: 'error' } } });
  const results = [
    line('a', 'claude-haiku-4-5', 1_000_000, 100_000),
    failed,
    line('b', 'claude-sonnet-4-5', 100_000, 10_000),
    line('d', 'claude-haiku-4-5', 1_000_000, 100_000),
  ].join('\n');
  const read = async (): Promise<string[]> => {
    const ids: string[] = [];
    for await (const one of await anthropic.messages.batches.results('msgbatch_1')) ids.push(one.custom_id);
    return ids;
  };
  const serve = (cut: boolean) => (path: string, response: ServerResponse) => {
    if (!path.endsWith('/results')) {
      json({
        id: 'msgbatch_1',
        type: 'message_batch',
        processing_status: 'ended',
        results_url: `${upstream}/v1/messages/batches/msgbatch_1/results`,
      })(path, response);
      return;
    }
    response.writeHead(200, { 'content-type': 'application/x-jsonl' });
    const bytes = Buffer.from(results);
    for (let at = 0; at < bytes.length; at += 97) response.write(bytes.subarray(at, at + 97));
    if (cut) response.destroy();
    else response.end();
  };

  it('are not paid for when they break off', async () => {
    answer = serve(true);
    await expect(read()).rejects.toThrow();
    expect(await spent('provider', 'anthropic')).toBe(0);
  });

  it('are paid for once, each model at its own price for batches', async () => {
    answer = serve(false);
    expect(await read()).toEqual(['a', 'c', 'b', 'd']);
    // Half of 1 $ and 5 $ a million for Haiku 4.5, half of 3 $ and 15 $ for Sonnet 4.5.
    const haiku = 2_000_000 * 500 + 200_000 * 2_500;
    const sonnet = 100_000 * 1_500 + 10_000 * 7_500;
    // Whether it was paid for is looked up when all has passed.
    await until('the batch is paid for', async () => (await spent('provider', 'anthropic')) !== 0);
    expect(await spent('provider', 'anthropic')).toBe(haiku + sonnet);
    expect(await read()).toHaveLength(4);
    expect(await spent('provider', 'anthropic')).toBe(haiku + sonnet);
  });
});

describe('a response in the background of OpenAI', () => {
  const response = (id: string, status: string, more: object = {}) => ({
    id,
    object: 'response',
    created_at: 1_700_000_000,
    background: true,
    status,
    model: 'gpt-4o-mini',
    output: [],
    usage: null,
    error: null,
    ...more,
  });
  // 0.15 $ and 0.60 $ a million.
  const used = { usage: { input_tokens: 1_000_000, output_tokens: 100_000, total_tokens: 1_100_000 } };
  const cost = 1_000_000 * 150 + 100_000 * 600;
  const events = (...list: object[]) =>
    list.map((event) => `event: x\ndata: ${JSON.stringify(event)}\n\n`).join('');
  const sse = (text: string) => (_path: string, to: ServerResponse) =>
    to.writeHead(200, { 'content-type': 'text/event-stream' }).end(text);
  const ask = (stream = false) =>
    openai.responses.create({ model: 'openai/gpt-4o-mini', input: 'Think', background: true, stream });

  it('is paid for by who first reads that it is done, and once', async () => {
    const before = await spent('provider', 'openai');
    answer = json(response('resp_bg1', 'queued'));
    await ask();
    await openai.responses.retrieve('resp_bg1');
    expect(await spent('provider', 'openai')).toBe(before);
    answer = json(response('resp_bg1', 'completed', used));
    const { response: first } = await openai.responses.retrieve('resp_bg1').withResponse();
    expect(Number(first.headers.get('x-headgate-cost-usd'))).toBe(cost / 1e9);
    await openai.responses.retrieve('resp_bg1');
    expect(await spent('provider', 'openai')).toBe(before + cost);
  });

  it('is paid for by who comes back to its stream', async () => {
    const before = await spent('provider', 'openai');
    const done = response('resp_bg2', 'completed', used);
    answer = sse(
      events(
        { type: 'response.in_progress', response: response('resp_bg2', 'in_progress') },
        { type: 'response.completed', response: done },
      ),
    );
    const read = async () => {
      for await (const _event of await openai.responses.retrieve('resp_bg2', { stream: true }));
    };
    await read();
    await until('the response is paid for', async () => (await spent('provider', 'openai')) !== before);
    await read();
    answer = json(done);
    await openai.responses.retrieve('resp_bg2');
    expect(await spent('provider', 'openai')).toBe(before + cost);
  });

  it('whose own stream said all is not paid for again when it is read', async () => {
    const before = await spent('provider', 'openai');
    const done = response('resp_bg3', 'completed', used);
    answer = sse(
      events(
        { type: 'response.created', response: response('resp_bg3', 'queued') },
        { type: 'response.completed', response: done },
      ),
    );
    for await (const _event of (await ask(true)) as unknown as AsyncIterable<unknown>);
    expect(await spent('provider', 'openai')).toBe(before + cost);
    answer = json(done);
    await openai.responses.retrieve('resp_bg3');
    expect(await spent('provider', 'openai')).toBe(before + cost);
  });

  it('is not one that was waited for, which was paid for when it was asked', async () => {
    const before = await spent('provider', 'openai');
    answer = json({ ...response('resp_fg', 'completed', used), background: false });
    await openai.responses.retrieve('resp_fg');
    expect(await spent('provider', 'openai')).toBe(before);
  });
});
