import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Headgate, startHeadgate, stopCleanly } from '../e2e/harness.js';
import { get } from '../e2e/http-client.js';
import { ask } from './ask.js';
import { pluginFolder, pluginModule } from './plugin-folder.js';

const folder = pluginFolder();
afterAll(() => folder.close());

/** Says its version, its word and how often it was asked since its set-up; holds a timer as a real one would. */
const counting = (version: number): string =>
  pluginModule(
    `{
      name: 'counting', version: '1.0.0', config: z.object({ word: z.string() }),
      setup(host, { word }) {
        let asked = 0;
        let ticks = 0;
        timer = setInterval(() => { ticks++; }, 5);
        host.route('GET', '/ticks', () => reply.json(200, ticks));
        return { request() { return reply.json(200, { version: ${version}, word, asked: ++asked }); } };
      },
      close() { clearInterval(timer); closed.push(${version}); },
    }`,
    `let timer; const closed = (globalThis.closed ??= []);`,
  );

const other = pluginModule(
  `{ name: 'other', version: '1.0.0', setup(host) { host.route('GET', '/closed', () => reply.json(200, closed)); } }`,
  'const closed = (globalThis.closed ??= []);',
);

const use = folder.write('counting.mjs', counting(1));
const otherUse = folder.write('other.mjs', other);
const withWord = (word: string, more: object = {}) => ({
  server: { threads: 1 },
  plugins: [{ use, config: { word } }, { use: otherUse }],
  ...more,
});

describe('a reload', () => {
  let gateway: Headgate;
  beforeAll(async () => {
    gateway = await startHeadgate({ config: withWord('one') });
  });
  afterAll(() => stopCleanly(gateway));

  const told = async () => (await ask(gateway, 'OpenAI', 'mock/hello')).json();
  const json = async (path: string): Promise<unknown> => (await get(gateway, path)).json();
  /** Does `change` and waits until the log tells of one more reload of that kind. */
  async function reloadedBy(
    change: () => void,
    message: 'configuration reloaded' | 'configuration refused',
  ): Promise<string> {
    const lines = (): string[] =>
      gateway
        .logs()
        .split('\n')
        .filter((line) => line.includes(message));
    const before = lines().length;
    change();
    const deadline = Date.now() + 30_000;
    while (lines().length === before) {
      if (Date.now() > deadline) throw new Error(`no "${message}":\n${gateway.logs()}`);
      await sleep(20);
    }
    return lines().at(-1) ?? '';
  }
  const hup = (): void => void process.kill(gateway.pid, 'SIGHUP');

  it('keeps the instance of a plugin that did not change', async () => {
    expect(await told()).toEqual({ version: 1, word: 'one', asked: 1 });
    await reloadedBy(hup, 'configuration reloaded');
    await reloadedBy(
      () => gateway.writeConfig(withWord('one', { auth: { required: false } })),
      'configuration reloaded',
    );
    expect(await told()).toEqual({ version: 1, word: 'one', asked: 2 });
    expect(await json('/plugins/other/closed')).toEqual([]);
  });

  it('refuses settings that a plugin does not like, and the old one goes on', async () => {
    const line = await reloadedBy(
      () => gateway.writeConfig({ plugins: [{ use, config: { word: 7 } }] }),
      'configuration refused',
    );
    expect(line).toContain('plugins[0].config.word: expected a text, found a number');
    expect(await told()).toEqual({ version: 1, word: 'one', asked: 3 });
  });

  it('refuses a plugin that cannot be loaded or set up, and closes what it had set up for that', async () => {
    const broken = folder.write(
      'broken.mjs',
      pluginModule(`{ name: 'broken', version: '1', setup() { throw new Error('no'); } }`),
    );
    const plugins = [{ use, config: { word: 'never used' } }, { use: otherUse }, { use: broken }];
    const line = await reloadedBy(() => gateway.writeConfig({ plugins }), 'configuration refused');
    expect(line).toContain('plugins[2]: the plugin \\"broken\\" could not be set up: no');
    expect(await told()).toEqual({ version: 1, word: 'one', asked: 4 });
    expect(await json('/plugins/other/closed')).toEqual([1]);
  });

  it('takes new settings over with a new instance, and closes the old one', async () => {
    await reloadedBy(() => gateway.writeConfig(withWord('two')), 'configuration reloaded');
    expect(await told()).toEqual({ version: 1, word: 'two', asked: 1 });
    expect(await json('/plugins/other/closed')).toEqual([1, 1]);
    // Both instances keep their timer in a variable of their module. Closing the old one must not stop the new one's:
    // when they shared the module, it did.
    const ticks = (await json('/plugins/counting/ticks')) as number;
    await sleep(60);
    expect((await json('/plugins/counting/ticks')) as number).toBeGreaterThan(ticks);
  });

  it('takes a changed file over', async () => {
    await sleep(5);
    folder.write('counting.mjs', counting(2));
    await reloadedBy(hup, 'configuration reloaded');
    expect(await told()).toEqual({ version: 2, word: 'two', asked: 1 });
  });

  it('refuses a file that was broken by an edit, and the old code goes on', async () => {
    await sleep(5);
    folder.write('counting.mjs', 'export default {');
    expect(await reloadedBy(hup, 'configuration refused')).toContain('cannot be loaded');
    expect(await told()).toEqual({ version: 2, word: 'two', asked: 2 });
    folder.write('counting.mjs', counting(3));
    await reloadedBy(hup, 'configuration reloaded');
    expect(await told()).toMatchObject({ version: 3 });
  });

  it('takes a plugin away', async () => {
    await reloadedBy(() => gateway.writeConfig({ plugins: [{ use: otherUse }] }), 'configuration reloaded');
    expect((await ask(gateway, 'OpenAI', 'mock/hello')).said).toContain('mock model');
    expect((await get(gateway, '/plugins/counting/ticks')).status).toBe(404);
    expect(await json('/plugins/other/closed')).toEqual([1, 1, 1, 2, 3]);
  });
});

describe('a stop', () => {
  it('closes every plugin, also when one of them fails at that', async () => {
    const failing = folder.write(
      'failing.mjs',
      pluginModule(`{ name: 'failing', version: '1', close() { throw new Error('planted'); } }`),
    );
    const after = folder.write(
      'after.mjs',
      pluginModule(`{ name: 'after', version: '1', close() { process.stdout.write('closed it\\n'); } }`),
    );
    const gateway = await startHeadgate({
      config: { server: { threads: 1 }, plugins: [{ use: failing }, { use: after }] },
    });
    expect((await gateway.stop()).code).toBe(0);
    expect(gateway.logs()).toContain('closed it');
    expect(gateway.logs()).toMatch(/"plugin":"failing".*close failed/);
  });
});
