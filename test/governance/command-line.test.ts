import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { runHeadgate, startHeadgate, stopCleanly } from '../e2e/harness.js';
import { ADMIN_TOKEN, ask } from './admin-client.js';

const config = { server: { threads: 1 }, admin: { token: ADMIN_TOKEN } };

describe('headgate keys, beside a gateway that runs', async () => {
  const gateway = await startHeadgate({ config });
  afterAll(() => stopCleanly(gateway));

  const keys = (...args: string[]) => runHeadgate(['keys', ...args, '--data', gateway.dataDir], { config });
  const becomes = async (key: string, status: number): Promise<void> => {
    const until = Date.now() + 30_000;
    while ((await ask(gateway.url, key)).status !== status && Date.now() < until) await sleep(20);
    expect((await ask(gateway.url, key)).status).toBe(status);
  };

  it('makes, lists and takes back keys, which the gateway knows at once', async () => {
    const made = await keys('create', '--name', 'nightly job', '--models', 'mock/*', '--budget', '2/day');
    expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^hg-[\w-]{43}$/) });
    const secret = made.stdout;
    // From the first key on, requests need one.
    await becomes('hg-somebody-elses-0123456789', 401);
    await becomes(secret, 200);
    const id = /key_\w+/.exec(made.stderr)?.[0] ?? '';
    const listed = await keys('list');
    expect(listed.stdout).toMatch(new RegExp(`${id} +nightly job +active +store +hg-`));
    expect(listed.all).not.toContain(secret);

    const turned = await keys('rotate', id, '--json');
    const next = (JSON.parse(turned.stdout) as { secret: string }).secret;
    await becomes(secret, 401);
    await becomes(next, 200);
    expect((await keys('revoke', id)).stdout).toContain(id);
    await becomes(next, 401);
    expect(gateway.logs()).not.toContain(secret);
  });

  it('says what is wrong', async () => {
    const wrong: [string[], number, RegExp][] = [
      [['revoke', 'key_nothing'], 1, /there is no key "key_nothing"/],
      [['revoke'], 2, /say which key/],
      [['create', '--budget', 'much'], 2, /10\/month/],
      [['create', '--team', 'nowhere'], 1, /there is no team "nowhere"/],
      [['create', '--rpm', 'x'], 1, /limits\.rpm/],
      [['burn'], 2, /list, create, rotate or revoke/],
    ];
    for (const [args, code, said] of wrong)
      expect(await keys(...args)).toMatchObject({ code, stderr: expect.stringMatching(said) });
  });
});
