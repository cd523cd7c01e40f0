import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Embedded, embed, until } from '../gateway/embedded.js';
import { newClient, oldClient, textOf } from './clients.js';
import { fixture, modern } from './servers.js';

let gateway: Embedded;
beforeAll(async () => {
  gateway = await embed({
    config: {
      observability: { log_level: 'error' },
      mcp: {
        servers: {
          fixture: fixture(),
          modern: { ...modern(), tools: { confirm: { price_usd: 0.5 } } },
          narrow: { ...fixture(), own_connections: 1 },
        },
        sessions: { idle: '30m' },
      },
    },
  });
});
afterAll(() => gateway.close());

const way = (path: string) => ({ fetch: gateway.fetch, path });
const call = async (client: Pick<Client, 'callTool'>, name: string, args = {}): Promise<string> =>
  textOf(await client.callTool({ name, arguments: args }));

describe('a server asks the client of the session', () => {
  it('to sample, to elicit and for its roots, when the client says that it can', async () => {
    const client = await newClient(
      way('/mcp/fixture'),
      'legacy',
      { capabilities: { sampling: {}, elicitation: {}, roots: { listChanged: true } } },
      (made) => {
        made.setRequestHandler('sampling/createMessage', async ({ params }) => ({
          model: 'a-model',
          role: 'assistant',
          content: { type: 'text', text: `sampled: ${JSON.stringify(params.messages)}` },
        }));
        made.setRequestHandler('elicitation/create', async () => ({
          action: 'accept',
          content: { response: 'yes' },
        }));
        made.setRequestHandler('roots/list', async () => ({ roots: [{ uri: 'file:///home/me' }] }));
      },
    );
    expect(await call(client, 'test_sampling', { prompt: 'a question' })).toContain('a question');
    expect(await call(client, 'test_elicitation', { message: 'Really?' })).toBe(
      'User response: action=accept, content={"response":"yes"}',
    );
    expect(await call(client, 'roots')).toBe('[{"uri":"file:///home/me"}]');
    await client.close();
  });

  it('and each client is asked for its own calls alone', async () => {
    const asking = (name: string) =>
      oldClient(way('/mcp'), { elicitation: {} }, (made) => {
        made.fallbackRequestHandler = async () => ({ action: 'accept', content: { response: name } });
      });
    const [ann, bob] = await Promise.all([asking('ann'), asking('bob')]);
    const calls = [ann, bob, ann, bob].map((client) =>
      client.callTool({ name: 'fixture__test_elicitation', arguments: { message: 'Who?' } }),
    );
    const said = (await Promise.all(calls)).map((result) => /"response":"(\w+)"/.exec(textOf(result))?.[1]);
    expect(said).toEqual(['ann', 'bob', 'ann', 'bob']);
    await Promise.all([ann.close(), bob.close()]);
  });

  it.each([
    ['by its answer, in the newest revision', 'auto'],
    ['by a request, in a session', 'legacy'],
  ] as const)('when it speaks the newest revision: %s', async (_, mode) => {
    const asked: string[] = [];
    const client = await newClient(
      way('/mcp'),
      mode,
      { capabilities: { elicitation: { form: {} } } },
      (made) =>
        made.setRequestHandler('elicitation/create', async ({ params }) => {
          asked.push(params.message);
          return { action: 'accept', content: { yes: true } };
        }),
    );
    expect(JSON.parse(await call(client, 'modern__confirm', { what: 'go' }))).toEqual([
      'go',
      { action: 'accept', content: { yes: true } },
      'about go',
    ]);
    expect(asked).toEqual(['Really go?']);
    await client.close();
  });

  it('and a call is paid for once, however often the client is asked', async () => {
    const usage = async (): Promise<{ requests?: number; cost_usd?: string }> => {
      const response = await gateway.fetch('/api/usage?group_by=model,operation');
      const { rows } = (await response.json()) as {
        rows: { model: string; requests: number; cost_usd: string }[];
      };
      return rows.find(({ model }) => model === 'mcp:modern/confirm') ?? {};
    };
    await until('both calls are in the ledger', async () => (await usage()).requests === 3);
    expect(Number((await usage()).cost_usd)).toBe(1);
  });

  it('that cannot be asked, and is told so', async () => {
    const client = await newClient(way('/mcp/fixture'));
    await expect(call(client, 'test_sampling', { prompt: 'x' })).rejects.toThrow();
    await client.close();
  });

  it('that has no connection left, and shares one that cannot ask', async () => {
    const able = { elicitation: {} };
    const first = await oldClient(way('/mcp/narrow'), able);
    const second = await oldClient(way('/mcp/narrow'), able);
    const state = async (client: typeof first): Promise<{ pid: number; capabilities: string[] }> =>
      JSON.parse(textOf(await client.callTool({ name: 'state', arguments: {} })));
    const [one, two] = [await state(first), await state(second)];
    expect([one.capabilities, two.capabilities]).toEqual([['elicitation'], []]);
    expect(one.pid).not.toBe(two.pid);
    // Without a word; what it had is given to the next who needs it.
    await first.close();
    await until('the other has it', async () => (await state(second)).capabilities.length === 1);
    await second.close();
  });
});

describe('a session hears', () => {
  it('log messages of the level that it has set', async () => {
    const said: unknown[] = [];
    const client = await newClient(way('/mcp/fixture'), 'legacy', {}, (made) =>
      made.setNotificationHandler('notifications/message', ({ params }) => void said.push(params.data)),
    );
    await client.setLoggingLevel('debug');
    await call(client, 'test_tool_with_logging');
    expect(said).toEqual(['started', 'at work', 'done']);
    expect(JSON.parse(await call(client, 'state'))).toMatchObject({ level: 'debug' });
    await client.close();
  });

  it('that resources have changed that it has subscribed to', async () => {
    const told: string[] = [];
    const client = await newClient(way('/mcp'), 'legacy', {}, (made) =>
      made.setNotificationHandler(
        'notifications/resources/updated',
        ({ params }) => void told.push(params.uri),
      ),
    );
    const uri = 'test://watched-resource';
    await client.subscribeResource({ uri });
    expect(await call(client, 'fixture__touch', { uri })).toBe('told');
    await until('the change is told', () => told.length === 1);
    await client.unsubscribeResource({ uri });
    expect(await call(client, 'fixture__touch', { uri })).toBe('nobody wants to know');
    expect(told).toEqual([uri]);
    await client.close();
  });

  it.each(['legacy', 'auto'] as const)('that lists have changed (%s)', async (mode) => {
    const told: string[] = [];
    const client = await newClient(way('/mcp'), mode, {
      listChanged: {
        tools: { autoRefresh: false, onChanged: () => void told.push('tools') },
        prompts: { autoRefresh: false, onChanged: () => void told.push('prompts') },
      },
    });
    await client.listTools();
    await client.listPrompts();
    await sleep(100);
    told.length = 0;
    await call(client, 'fixture__grow');
    await until('both are told', () => told.includes('tools') && told.includes('prompts'));
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain('fixture__grown');
    await client.close();
  });
});
