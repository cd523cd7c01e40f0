import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { definePlugin, type SettledRecord } from '@headgate/sdk';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { embed, until } from '../gateway/embedded.js';

/** https://docs.anthropic.com/en/api/retrieving-message-batch-results */
const line = (id: string, model: string, usage: object): string =>
  JSON.stringify({
    custom_id: id,
    result: { type: 'succeeded', message: { id: `msg_${id}`, type: 'message', model, content: [], usage } },
  });
const LINES = [
  line('one', 'claude-sonnet-5', { input_tokens: 100_000, output_tokens: 10_000 }),
  line('two', 'claude-sonnet-5', { input_tokens: 150_000, output_tokens: 0, service_tier: 'batch' }),
  JSON.stringify({ custom_id: 'bad', result: { type: 'errored', error: { type: 'error' } } }),
  line('cheap', 'claude-haiku-4-5', { input_tokens: 10_000, output_tokens: 1_000 }),
].join('\n');

const provider = createServer((request, response) => {
  const half = request.url?.includes('half') === true;
  if (request.url?.includes('gzip')) {
    response.setHeader('content-encoding', 'gzip');
    response.end(gzipSync(LINES));
    return;
  }
  response.setHeader('content-type', 'application/x-jsonl');
  response.write(LINES.slice(0, 250));
  if (half) setTimeout(() => response.destroy(), 30);
  else response.end(LINES.slice(250));
});
await new Promise<void>((done) => provider.listen(0, '127.0.0.1', done));

const settled: SettledRecord[] = [];
const witness = definePlugin({
  name: 'witness',
  version: '1.0.0',
  setup: () => ({ settled: (record) => void settled.push(structuredClone(record)) }),
});
const gateway = await embed({
  config: {
    auth: { required: false },
    providers: {
      anthropic: {
        base_url: `http://127.0.0.1:${(provider.address() as AddressInfo).port}`,
        keys: [{ value: 'sk-ant-fake-0123456789' }],
      },
    },
  },
  plugins: [witness],
});

beforeEach(() => {
  settled.length = 0;
});
afterAll(async () => {
  await gateway.close();
  provider.close();
});

const read = async (id: string): Promise<string> => {
  const headers = { 'anthropic-version': '2023-06-01' };
  return (await gateway.fetch(`/v1/messages/batches/${id}/results`, { headers })).text();
};

// $1 and $5 per million tokens of Sonnet, $0.50 and $2.50 of Haiku: half of the usual prices.
const COST = 250_000_000 + 50_000_000 + 5_000_000 + 2_500_000;

it('the results of a batch cost what each request in it used, at the batch price, once', async () => {
  const [one, two] = await Promise.all([read('msgbatch_01once'), read('msgbatch_01once')]);
  expect([one, two]).toEqual([LINES, LINES]);
  await read('msgbatch_01once');
  await until('three records', () => settled.length === 3);
  expect(settled.map(({ costNano }) => costNano).filter((cost) => cost !== null)).toEqual([COST]);
  expect(settled.find(({ usage }) => usage !== null)).toMatchObject({
    operation: 'batch',
    provider: 'anthropic',
    targetModel: 'claude-sonnet-5',
    usage: { inputTokens: 260_000, outputTokens: 11_000, serviceTier: 'batch' },
    outcome: 'ok',
  });
});

it('results that were cut off cost nothing until they are read in full', async () => {
  await expect(read('msgbatch_01half')).rejects.toThrow();
  await until('a record', () => settled.length === 1);
  expect(settled[0]).toMatchObject({ usage: null, costNano: null });
});

it('results that the provider compresses are counted, and reach the client plain', async () => {
  expect(await read('msgbatch_01gzip')).toBe(LINES);
  await until('a record', () => settled.length === 1);
  expect(settled[0]?.costNano).toBe(COST);
});
