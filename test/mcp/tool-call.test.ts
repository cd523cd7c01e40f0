import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Secret } from '../../core/config/secret.js';
import { GatewayError } from '../../core/errors.js';
import { anonymous, factsOf, NO_ACCESS_RULES, virtualKey } from '../../core/identity/virtual-key.js';
import { McpService } from '../../core/mcp/mcp-service.js';
import { callTool, type ToolAsk } from '../../core/mcp/tool-call.js';
import { until } from '../gateway/embedded.js';
import { plainControl, startThread, type Thread } from '../realtime/thread.js';
import { everything, fake, noAuth } from './servers.js';

let folder: string;
let thread: Thread;
let service: McpService;
const log = (): string => readFileSync(join(folder, 'log'), 'utf8');

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-mcp-'));
  service = new McpService({
    dataDir: folder,
    log: () => undefined,
    tell: (notice) => thread.io.hearMcp(notice),
    auth: noAuth,
  });
  const control = { ...plainControl(), mcp: (ask: Parameters<McpService['ask']>[0]) => service.ask(ask) };
  const reference = everything('stdio');
  const server = { ...fake(), env: { FAKE_LOG: join(folder, 'log') }, tools: { echo: { price_usd: 0.5 } } };
  thread = await startThread({ mcp: { servers: { bad: server, reference } } }, { control });
  await service.apply(thread.io.runtime.config.mcp);
});
afterAll(async () => {
  await service.close();
  await thread.close();
  rmSync(folder, { recursive: true, force: true });
});

const anybody = { principal: anonymous, metadata: { tags: [], other: {} }, headers: [] };

/** Of a request that has got as far as wanting a tool. */
const caller = {
  principal: { ...anonymous, id: 'key-1', name: 'somebody', team: 'support' },
  metadata: { tags: ['nightly'], customer: 'acme', other: {} },
  path: '/v1/chat/completions',
  headers: [],
};
const call = (tool: string, args: ToolAsk['arguments'], more: Partial<ToolAsk> = {}) =>
  callTool(thread.io, caller, { server: 'bad', tool, arguments: args, ...more });

it('a call within another request is a request of its own, counted for the same caller', async () => {
  const { result, costNano, requestId } = await call('echo', { say: 'from inside' });
  expect(result.content).toEqual([{ type: 'text', text: 'from inside' }]);
  expect(costNano).toBe(500_000_000);
  expect(thread.records.find(({ id }) => id === requestId)).toMatchObject({
    operation: 'tool',
    model: 'mcp:bad/echo',
    provider: 'mcp:bad',
    targetModel: 'echo',
    keyId: 'key-1',
    team: 'support',
    customer: 'acme',
    tags: ['nightly'],
    costNano: 500_000_000,
    outcome: 'ok',
    status: 200,
  });
  expect(thread.io.inFlight).toBe(0);
});

it('a list is asked for once, and kept until it is old', async () => {
  const catalog = await thread.io.tools();
  for (let i = 0; i < 3; i++) expect((await catalog.list(anybody, ['bad'])).missing).toEqual([]);
  expect(log().split('list\n').length - 1).toBe(1);
});

it('what goes wrong is an error with a code, and a record too', async () => {
  const error = await call('echo', { say: 1 }).catch((reason) => reason);
  expect(error).toBeInstanceOf(GatewayError);
  expect((error as GatewayError).canonical.code).toBe('mcp_arguments_invalid');
  // Nobody was asked, so it costs nothing.
  expect(thread.records.at(-1)).toMatchObject({
    error: 'mcp_arguments_invalid',
    costNano: null,
    provider: '',
  });
});

it('progress is heard, in order', async () => {
  const steps: (string | undefined)[] = [];
  await call('steps', {}, { onProgress: ({ message }) => steps.push(message) });
  expect(steps).toEqual(['step 1', 'step 2', 'step 3']);
});

it('a call that is aborted rejects at once, tells the server and leaves a record', async () => {
  const leaving = new AbortController();
  const asked = call('sleep', { ms: 60_000 }, { signal: leaving.signal });
  await until('the server was asked', () => log().includes('call sleep'));
  leaving.abort(new Error('nobody wants it'));
  await expect(asked).rejects.toThrow('nobody wants it');
  await until('the server was told', () => log().includes('cancelled'));
  expect(thread.records.at(-1)).toMatchObject({ model: 'mcp:bad/sleep', outcome: 'client-closed' });
  expect(thread.io.inFlight).toBe(0);
});

it('a thousand calls at once come to an end, each with its own answer', async () => {
  const answers = await Promise.all(
    Array.from({ length: 1000 }, async (_, i) => {
      const { result } = await call('echo', { say: `number ${i}` });
      return (result.content[0] as { text: string }).text;
    }),
  );
  expect(answers).toEqual(Array.from({ length: 1000 }, (_, i) => `number ${i}`));
});

it('resources, templates and prompts of a server are listed, and read by whoever may use it', async () => {
  const catalog = await thread.io.tools();
  const { items: resources } = await catalog.items(anybody, 'reference', 'resources');
  const { items: prompts } = await catalog.items(anybody, 'reference', 'prompts');
  const { items: templates } = await catalog.items(anybody, 'reference', 'resourceTemplates');
  expect(resources.length).toBeGreaterThan(0);
  expect(templates.length).toBeGreaterThan(0);
  expect(prompts.map(({ name }) => name)).toContain('simple-prompt');
  // One that offers none has none.
  expect((await catalog.items(anybody, 'bad', 'prompts')).items).toEqual([]);

  const params = { uri: resources[0]?.['uri'] as string };
  const read = await catalog.request(anybody, 'reference', { method: 'resources/read', params });
  expect(read['contents']).toEqual([expect.objectContaining({ uri: params.uri })]);
  const prompt = await catalog.request(anybody, 'reference', {
    method: 'prompts/get',
    params: { name: 'simple-prompt' },
  });
  expect(prompt['messages']).toHaveLength(1);
  const unknown = catalog.request(anybody, 'reference', {
    method: 'prompts/get',
    params: { name: 'no-such' },
  });
  await expect(unknown).rejects.toMatchObject({ canonical: { code: 'mcp_call_failed' } });

  const access = [{ ...NO_ACCESS_RULES, who: 'team "a"', mcpServers: { allowed: ['bad'], denied: [] } }];
  const stranger = virtualKey({ ...factsOf(anonymous), access });
  await expect(
    catalog.items({ ...anybody, principal: stranger }, 'reference', 'prompts'),
  ).rejects.toMatchObject({
    canonical: { code: 'mcp_server_not_allowed' },
  });
});

it('a server that hangs while it is started keeps nobody from closing', async () => {
  const hanging = new McpService({
    dataDir: folder,
    log: () => undefined,
    tell: () => undefined,
    auth: noAuth,
  });
  const { config } = thread.io.runtime;
  const { mcp } = config;
  const bad = mcp?.servers.get('bad');
  if (mcp === null || bad?.transport.kind !== 'stdio') throw new Error('it is a program');
  const args = new Secret([...bad.transport.args.reveal(), 'mute']);
  await hanging.apply({
    ...mcp,
    servers: new Map([['bad', { ...bad, transport: { ...bad.transport, args } }]]),
  });
  const asked = hanging.ask({ do: 'tools', server: 'bad', behalf: null });
  await sleep(50);
  const began = performance.now();
  await hanging.close();
  expect(performance.now() - began).toBeLessThan(10_000);
  expect(await asked).toMatchObject({ refused: { code: 'mcp_server_unavailable' } });
});
