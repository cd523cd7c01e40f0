import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Embedded, embed, until } from '../gateway/embedded.js';
import { newClient, oldClient } from './clients.js';
import { fixture } from './servers.js';

const KEY = 'hg-counted-0123456789';
const POOR = 'hg-poor-counted-0123456789';
const URI = 'test://static-text';

let gateway: Embedded;
beforeAll(async () => {
  gateway = await embed({
    config: {
      observability: { log_level: 'error' },
      keys: [
        { name: 'all', value: KEY },
        { name: 'poor', value: POOR, budget: { usd: 0.6 } },
      ],
      mcp: {
        servers: {
          fixture: { ...fixture(), prompts: { price_usd: 0.25 }, resources: { limits: { rpm: 3 } } },
        },
      },
    },
  });
});
afterAll(() => gateway.close());

const way = (key = KEY) => ({ fetch: gateway.fetch, key, path: '/mcp/fixture' });
const prompt = { name: 'test_simple_prompt' };
const told = async (): Promise<string> => {
  const answer = await gateway.fetch('/api/usage?operation=tool&group_by=model');
  return JSON.stringify(await answer.json());
};

it('a prompt costs what it costs, is in the ledger, and is held by the budget of its key', async () => {
  const client = await newClient(way(POOR));
  expect((await client.getPrompt(prompt)).messages).toHaveLength(1);
  // What the server refuses costs nothing, and its own words are told.
  await expect(client.getPrompt({ name: 'nobody_knows' })).rejects.toMatchObject({
    code: -32602,
    message: expect.stringContaining('There is no prompt nobody_knows'),
  });
  await client.getPrompt(prompt);
  await expect(client.getPrompt(prompt)).rejects.toMatchObject({
    data: expect.objectContaining({ code: 'budget_exceeded', status: 402 }),
  });
  await client.close();
  await until('it is in the ledger', async () => (await told()).includes('mcp:fixture/prompts/get'));
  await until('two of four have cost something', async () =>
    /"requests":4,"errors":2,.*"cost_nano":500000000,.*"truncated"/.test(await told()),
  );
});

it.each([
  ['in a session', () => newClient(way())],
  ['with the client of the first generation', () => oldClient(way())],
  ['without sessions', () => newClient(way(), 'auto')],
])('resources are read as often as their server lets them be, %s', async (name, connect) => {
  const client = await connect();
  const read = () => client.readResource({ uri: URI });
  const limited = expect.objectContaining({ code: 'rate_limit_exceeded', status: 429 });
  // One limit for all clients together: the first of these tests may, the others come late.
  if (name === 'in a session') {
    for (let i = 0; i < 3; i++) expect(JSON.stringify(await read())).toContain('static text resource');
  }
  await expect(read()).rejects.toMatchObject({ data: limited });
  // What is only listed counts for nothing.
  expect((await client.listResources()).resources.length).toBeGreaterThan(2);
  expect((await client.getPrompt(prompt)).messages).toHaveLength(1);
  await client.close();
});
