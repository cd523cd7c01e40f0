import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { runHeadgate, startHeadgate, stopCleanly } from '../e2e/harness.js';
import { get } from '../e2e/http-client.js';
import { pluginFolder, pluginModule } from './plugin-folder.js';

const fetching = pluginModule(
  `{
    name: 'fetching', version: '1.0.0',
    async setup(host) {
      const ask = (url) => host.fetch(url).then((answer) => answer.text(), (error) => 'refused: ' + error.message);
      const atSetup = await ask(process.env.INSIDE);
      host.route('GET', '/', async () => reply.json(200, { at: ++asked, atSetup, now: await ask(process.env.INSIDE) }));
    },
  }`,
  'let asked = 0;',
);

it.each([1, 2])(
  'what plugins may reach follows the configuration over reloads, with %i threads',
  async (threads) => {
    const server = createServer((_, response) => response.end('inside'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const folder = pluginFolder();
    const use = folder.write('fetching.mjs', fetching);
    const config = (allow: string[]): object => ({
      server: { threads, fetch_allow: allow },
      plugins: [{ use }],
    });
    const INSIDE = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const gateway = await startHeadgate({ config: config(['127.0.0.0/8']), env: { INSIDE } });
    onTestFinished(async () => {
      await stopCleanly(gateway);
      server.closeAllConnections();
      server.close();
      folder.close();
    });
    const told = async () => (await get(gateway, '/plugins/fetching/', { connection: 'close' })).json();
    const reload = async (allow: string[]): Promise<void> => {
      const count = (): number => gateway.logs().split('configuration reloaded').length;
      const before = count();
      gateway.writeConfig(config(allow));
      for (const deadline = Date.now() + 30_000; count() === before; await sleep(20))
        if (Date.now() > deadline) throw new Error(gateway.logs());
    };

    expect(await told()).toMatchObject({ at: 1, atSetup: 'inside', now: 'inside' });
    // The plugin itself did not change: it is the same instance that may go less far now, open connections or not.
    await reload(['10.0.0.0/8']);
    const refused = expect.stringMatching(/^refused: 127\.0\.0\.1 is not a public address/);
    expect(await told()).toMatchObject({ atSetup: 'inside', now: refused });
    await reload(['127.0.0.1']);
    expect(await told()).toMatchObject({ atSetup: 'inside', now: 'inside' });
  },
);

it('a rule that makes no sense is refused with its place', async () => {
  const { code, stderr } = await runHeadgate(['check'], {
    config: 'server:\n  fetch_allow: [10.0.0.0/8, "http://x"]\n',
  });
  expect(code).toBe(2);
  expect(stderr).toContain(
    'headgate.yaml:2:29  server.fetch_allow[1]: expected a host, an address or a network such as 10.0.0.0/8, found "http://x"',
  );
});

it('headgate check says what plugins may reach', async () => {
  const { stdout } = await runHeadgate(['check'], {
    config: { server: { fetch_allow: ['Search.Internal', '10.0.0.0/8', '[::1]'] } },
  });
  expect(stdout).toMatch(/^fetch {3}plugins may fetch from search\.internal 10\.0\.0\.0\/8 ::1$/m);
});
