import { definePlugin, reply, type ToolView } from '@headgate/sdk';
import { runHook } from '@headgate/sdk/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Embedded, embed, until } from '../gateway/embedded.js';
import { callTool, fake } from './servers.js';

const ANN = 'hg-ann-0123456789abcdef';
const BOB = 'hg-bob-0123456789abcdef';
const POOR = 'hg-poor-0123456789abcdef';

/** A guardrail over tools: refuses, edits, answers, and edits results, by what it is asked to say. */
const guard = definePlugin({
  name: 'guard',
  version: '1.0.0',
  // It reads chats too, which must not keep its tool hooks from running.
  needs: { request: 'canonical', response: 'none' },
  setup: () => ({
    async tool(view: ToolView) {
      await Promise.resolve();
      const { say } = view.arguments;
      if (say === 'forbidden') return reply.error('content-filter', 'not_that', 'Not that word.');
      if (say === 'edit') view.replaceArguments({ say: `edited for ${view.principal?.name}` });
      if (say === 'break') view.replaceArguments({ say: 5 });
      if (say === 'answer')
        return { content: [{ type: 'text', text: `${view.tool.server}/${view.tool.name}` }] };
      return undefined;
    },
    toolResult(result) {
      const { text } = result.content[0] as { text?: string };
      if (text === 'secret') return { content: [{ type: 'text', text: '***' }], isError: true };
      return undefined;
    },
  }),
});

let gateway: Embedded;
beforeAll(async () => {
  gateway = await embed({
    plugins: [guard],
    config: {
      observability: { log_level: 'error' },
      keys: [
        { name: 'ann', value: ANN },
        { name: 'bob', value: BOB },
        { name: 'poor', value: POOR, budget: { usd: 1, per: 'month' } },
      ],
      mcp: {
        servers: {
          bad: {
            ...fake(),
            tools: {
              echo: { price_usd: 0.4 },
              read: { price_usd: 0.4, cache: '1m', limits: { windows: [{ requests: 50, per: 'hour' }] } },
              env: { cache: '1m' },
              where: { limits: { rpm: 2 } },
              sleep: { limits: { parallel_requests: 1 } },
              die: { price_usd: 0.3 },
              fail: { budgets: [{ usd: 0.5, per: 'day' }], price_usd: 0.2 },
            },
          },
          few: { ...fake(), limits: { windows: [{ requests: 3, per: 'hour' }] } },
        },
      },
    },
  });
});
afterAll(() => gateway.close());
const call = (tool: string, args: object = {}, key = ANN, server = 'bad') =>
  callTool(gateway, server, tool, args, { key });

describe('limits of a tool and of a server', () => {
  it('hold for all callers together', async () => {
    expect((await call('where')).status).toBe(200);
    expect((await call('where', {}, BOB)).status).toBe(200);
    const refused = await call('where', {}, BOB);
    expect([refused.status, refused.code]).toEqual([429, 'rate_limit_exceeded']);
    expect(refused.message).toContain("MCP tool 'bad/where' may use 2 requests a minute");
    for (const tool of ['where', 'env', 'junk']) expect((await call(tool, {}, ANN, 'few')).status).toBe(200);
    const over = await call('where', {}, ANN, 'few');
    expect([over.status, over.message]).toEqual([429, expect.stringContaining("MCP server 'few'")]);
  });

  it('count calls at once', async () => {
    const first = call('sleep', { ms: 300 });
    await until('it runs', async () => (await call('sleep', { ms: 1 })).code === 'parallel_limit_exceeded');
    expect((await first).status).toBe(200);
    expect((await call('sleep', { ms: 1 })).status).toBe(200);
  });
});

describe('budgets', () => {
  it('of a key are charged what its calls cost, and never passed by calls at once', async () => {
    const all = await Promise.all(Array.from({ length: 6 }, () => call('echo', { say: 'x' }, POOR)));
    expect(all.filter(({ status }) => status === 200)).toHaveLength(2);
    for (const { code } of all.filter(({ status }) => status !== 200)) expect(code).toBe('budget_exceeded');
    // What costs nothing passes.
    expect((await call('env', {}, POOR)).status).toBe(200);
    // Calls that come to nothing before the server is asked cost nothing, one that dies there does.
    expect((await call('echo', { say: 1 }, POOR)).status).toBe(400);
    const me = async (): Promise<string> => {
      const answer = await gateway.fetch('/api/me', { headers: { authorization: `Bearer ${POOR}` } });
      return ((await answer.json()) as { budgets: { spent_usd: string }[] }).budgets[0]?.spent_usd ?? '';
    };
    await until('the ledger knows', async () => (await me()) === '0.800000000');
  });

  it('of a tool are everybody’s, and what failed at the server was paid for', async () => {
    expect((await call('fail', {}, ANN)).code).toBe('mcp_call_failed');
    expect((await call('fail', {}, BOB)).code).toBe('mcp_call_failed');
    const refused = await call('fail', {}, ANN);
    expect([refused.status, refused.code]).toEqual([402, 'budget_exceeded']);
    expect(refused.message).toContain("The budget of MCP tool 'bad/fail' is $0.50 a day");
  });
});

describe('the hooks of a call', () => {
  it('refuse it, edit it, answer it', async () => {
    expect(await call('echo', { say: 'forbidden' })).toMatchObject({
      code: 'not_that',
      message: 'Not that word.',
    });
    expect((await call('echo', { say: 'edit' })).text).toBe('edited for ann');
    const answered = await call('echo', { say: 'answer' });
    expect([answered.text, answered.body['cost_usd']]).toEqual(['bad/echo', '0']);
    // What a hook makes of the arguments must fit the schema as well.
    expect((await call('echo', { say: 'break' })).code).toBe('mcp_arguments_invalid');
  });

  it('edit the result', async () => {
    const { text, body } = await call('echo', { say: 'secret' });
    expect([text, body.result?.isError]).toEqual(['***', true]);
  });

  it('can be tested without a server', async () => {
    const { result, view } = await runHook(guard, 'tool', {
      view: { arguments: { say: 'edit' }, tool: { name: 'echo' } },
    });
    expect([result, view.operation, view.arguments]).toEqual([
      undefined,
      'tool',
      { say: 'edited for undefined' },
    ]);
  });
});

describe('results that are remembered', () => {
  it('are given again to the same caller for the same arguments, and cost nothing', async () => {
    const first = await call('read', { of: 'a', and: 'b' });
    const again = await call('read', { and: 'b', of: 'a' });
    expect([again.text, again.body['cost_usd'], first.body['cost_usd']]).toEqual([first.text, '0', '0.4']);
    expect((await call('read', { of: 'a' })).text).not.toBe(first.text);
    expect((await call('read', { of: 'a', and: 'b' }, BOB)).text).not.toBe(first.text);
  });

  it('are those alone of tools that say that they only read', async () => {
    expect((await call('env')).body['cost_usd']).toBe('0');
    const asked = await gateway.fetch('/api/mcp/call', {
      method: 'POST',
      headers: { authorization: `Bearer ${ANN}` },
      body: '{"server":"bad","tool":"env"}',
    });
    expect(asked.headers.get('x-headgate-cache')).toBe('bypass');
  });

  it('are forgotten when the server’s list changes', async () => {
    const before = await call('read', { of: 'x' });
    await call('change');
    await until('it is read anew', async () => (await call('read', { of: 'x' })).text !== before.text);
  });
});
