import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, ways } from '../plugins/ask.js';
import { pluginFolder, pluginModule } from '../plugins/plugin-folder.js';
import { providerPlugin } from '../plugins/provider-plugin.js';
import { type Headgate, runHeadgate, startHeadgate, stopCleanly } from './harness.js';
import { get } from './http-client.js';

const folder = pluginFolder();
const use = folder.write('my-models.mjs', providerPlugin(1));
const received: { key: unknown; body: Record<string, unknown> }[] = [];
let far: Server;
let farUrl: string;

beforeAll(async () => {
  far = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
    received.push({ key: request.headers['x-plain-key'], body });
    if (body['stream'] !== true) {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ said: `far ${body['prompt']}` }));
      return;
    }
    response.setHeader('content-type', 'text/event-stream');
    for (const event of [{ piece: 'far ' }, { piece: body['prompt'] }, { done: true }])
      response.write(`data: ${JSON.stringify(event)}\n\n`);
    response.end();
  });
  await new Promise<void>((resolve) => far.listen(0, '127.0.0.1', resolve));
  farUrl = `http://127.0.0.1:${(far.address() as AddressInfo).port}`;
});
afterAll(() => {
  far.closeAllConnections();
  far.close();
  folder.close();
});

const configOf = (more: object = {}): object => ({
  providers: {
    'my-llm': { timeouts: { first_byte: '5s' } },
    'far-llm': { base_url: farUrl, keys: [{ value: 'far-key-0123456789' }] },
    cousin: { extends: 'my-llm' },
    // A provider that is built in, asked in a format that is not.
    openai: { base_url: farUrl, keys: [{ value: 'sk-0123456789' }], formats: { plain: '/say' } },
  },
  models: { mine: { targets: ['my-llm/small', 'far-llm/large'] } },
  plugins: [{ use, config: { greeting: 'Moin' } }],
  ...more,
});

describe('headgate check', () => {
  it('knows what a plugin from outside brings', async () => {
    const { code, stdout, all } = await runHeadgate(['check'], { config: configOf() });
    expect(code, all).toBe(0);
    expect(stdout).toMatch(/^ {2}my-llm {2}inside this process/m);
    expect(stdout).toMatch(/^ {2}far-llm {2}http:\/\/127/m);
    expect(stdout).toMatch(/^ {2}cousin {2}inside this process, extends my-llm/m);
    expect(stdout).toContain('my-llm/small;');
  });

  it('finds the key of its provider in the environment', async () => {
    const { stdout } = await runHeadgate(['check'], {
      config: { plugins: [{ use }], providers: { 'far-llm': { base_url: farUrl } } },
      env: { FAR_KEY: 'from-the-environment' },
    });
    expect(stdout).toContain('from env FAR_KEY');
  });

  it('says what is wrong about it as for any other provider, all at once and with lines', async () => {
    const config = `plugins:
  - use: ${use}
    config: { greting: Hi }
providers:
  my-lm: {}
  far-llm: {}
  local: { extends: far-lm, base_url: http://x }
  openai: { formats: { plian: /say } }
models:
  m: { targets: [my-ll/x, opnai/y] }
`;
    const { code, stderr } = await runHeadgate(['check'], { config });
    expect(code).toBe(2);
    expect(stderr.split('\n').filter((line) => line.startsWith('headgate.yaml'))).toEqual([
      'headgate.yaml:3:15  plugins[0].config.greting: unknown key, did you mean "greeting"?',
      expect.stringMatching(
        /^headgate\.yaml:5:3 {2}providers\.my-lm: unknown provider, did you mean "my-llm"\?/,
      ),
      expect.stringMatching(/^headgate\.yaml:6:3 {2}providers\.far-llm\.base_url: missing/),
      'headgate.yaml:7:21  providers.local.extends: unknown provider, found "far-lm", did you mean "far-llm"?',
      'headgate.yaml:8:24  providers.openai.formats.plian: unknown wire format, did you mean "plain"?',
      'headgate.yaml:10:18  models.m.targets[0]: unknown provider, found "my-ll/x", did you mean "my-llm/x"?',
      'headgate.yaml:10:27  models.m.targets[1]: unknown provider, found "opnai/y", did you mean "openai/y"?',
    ]);
  });

  it('does not call unknown what a plugin that cannot be loaded may bring', async () => {
    for (const missing of ['./missing.mjs', folder.write('broken.mjs', 'export default {')]) {
      const { code, stderr } = await runHeadgate(['check'], {
        config: configOf({ plugins: [{ use: missing }], auth: { required: 'maybe' } }),
      });
      expect(code).toBe(2);
      expect(stderr).toContain('2 problems');
      expect(stderr).toContain('plugins[0].use:');
      expect(stderr).toContain('auth.required:');
    }
  });

  it.each([
    [
      'a row that is none',
      `providers: [{ row: { id: 'X', name: 'x', formats: {}, signer: 'none' } }]`,
      'brings what cannot be used: providers[0].row.id: ',
    ],
    [
      'a row without a list',
      `providers: { row: { id: 'x', name: 'x', formats: {}, signer: 'none' } }`,
      'brings what cannot be used: providers: ',
    ],
    ['a format without its codec of errors', `formats: [{ id: 'f', operation: 'chat' }]`, 'formats[0].error'],
    [
      'a signer that nobody brings',
      `providers: [{ row: { id: 'x', name: 'x', formats: {}, signer: 'baerer' } }]`,
      'needs the signer "baerer", which nobody brings, did you mean "bearer"?',
    ],
    [
      'a wire format that nobody brings',
      `providers: [{ row: { id: 'x', name: 'x', formats: { 'openai-chta': '/x' }, signer: 'none' } }]`,
      'needs the wire format "openai-chta", which nobody brings, did you mean "openai-chat"?',
    ],
  ])('refuses %s, at the place of the plugin', async (what, members, said) => {
    const path = folder.write(
      `${what.replaceAll(' ', '-')}.mjs`,
      pluginModule(`{ name: 'bad', version: '1', ${members} }`),
    );
    const { code, stderr } = await runHeadgate(['check'], { config: `plugins:\n  - use: ${path}\n` });
    expect(code).toBe(2);
    expect(stderr).toContain('headgate.yaml:2:10  plugins[0].use: ');
    expect(stderr).toContain(said);
  });
});

describe.each([1, 2])('headgate start, with %i I/O threads', (threads) => {
  let gateway: Headgate;
  beforeAll(async () => {
    folder.write('my-models.mjs', providerPlugin(1));
    gateway = await startHeadgate({ config: configOf({ server: { threads } }) });
  });
  afterAll(() => stopCleanly(gateway));

  it.each(ways)('answers from the plugin’s transport (%s, streamed: %s)', async (client, stream) => {
    for (const model of ['mine', 'my-llm/small', 'cousin/small']) {
      const { said, headers } = await ask(gateway, client, model, { stream, prompt: 'well' });
      expect(said).toBe('Moin from small 1: well');
      expect(headers.get('x-headgate-provider')).toBe(model.startsWith('cousin') ? 'cousin' : 'my-llm');
    }
  });

  it.each(ways)(
    'speaks the plugin’s wire format with its signer (%s, streamed: %s)',
    async (client, stream) => {
      received.splice(0);
      expect((await ask(gateway, client, 'far-llm/large', { stream, prompt: 'away' })).said).toBe('far away');
      expect((await ask(gateway, client, 'openai/gpt', { stream, prompt: 'off' })).said).toBe('far off');
      expect(received.map(({ key, body }) => [key, body['model'], body['prompt']])).toEqual([
        ['far-key-0123456789', 'large', 'away'],
        [undefined, 'gpt', 'off'],
      ]);
    },
  );
});

describe('a reload', () => {
  let gateway: Headgate;
  beforeAll(async () => {
    gateway = await startHeadgate({ config: { server: { threads: 1 } } });
  });
  afterAll(() => stopCleanly(gateway));

  async function reloaded(change: () => void, message: string): Promise<string> {
    const lines = (): string[] =>
      gateway
        .logs()
        .split('\n')
        .filter((line) => line.includes(message));
    const before = lines().length;
    change();
    for (const deadline = Date.now() + 30_000; lines().length === before; await sleep(20))
      if (Date.now() > deadline) throw new Error(`no "${message}":\n${gateway.logs()}`);
    return lines().at(-1) ?? '';
  }
  const said = async (model: string) => (await ask(gateway, 'Anthropic', model, { prompt: 'ho' })).said;

  it('takes in a plugin that brings providers, and refuses what it does not bring', async () => {
    expect((await ask(gateway, 'OpenAI', 'my-llm/small')).code).toBe('model_not_found');
    await reloaded(() => gateway.writeConfig(configOf()), 'configuration reloaded');
    expect([await said('mine'), await said('far-llm/x')]).toEqual(['Moin from small 1: ho', 'far ho']);
    const line = await reloaded(
      () => gateway.writeConfig(configOf({ models: { m: { targets: ['my-lm/x'] } } })),
      'configuration refused',
    );
    expect(line).toContain('did you mean \\"my-llm/x\\"');
    expect(await said('mine')).toBe('Moin from small 1: ho');
  });

  it('takes a changed plugin over, and closes the transport that nothing uses any more', async () => {
    folder.write('my-models.mjs', providerPlugin(2));
    await reloaded(
      () => gateway.writeConfig(configOf({ auth: { required: false } })),
      'configuration reloaded',
    );
    expect(await said('mine')).toBe('Moin from small 2: ho');
    expect((await get(gateway, '/plugins/my-models/closed')).json()).toEqual([1]);
  });

  it('takes the providers away with the plugin', async () => {
    const line = await reloaded(
      () => gateway.writeConfig(configOf({ plugins: [] })),
      'configuration refused',
    );
    expect(line).toContain('providers.my-llm: unknown provider');
    await reloaded(() => gateway.writeConfig({}), 'configuration reloaded');
    expect((await ask(gateway, 'OpenAI', 'my-llm/small')).code).toBe('model_not_found');
  });
});
