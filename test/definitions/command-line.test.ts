import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { runHeadgate, startHeadgate } from '../e2e/harness.js';
import { ADMIN_TOKEN, AdminClient, ask } from '../governance/admin-client.js';

const SECRET = 'sk-proj-0123456789abcdefghij-WXYZ';

it('headgate export and import move what a running gateway has into another one', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-portable-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const env = {
    HEADGATE_SECRET: 'of-both-of-them-0123456789',
    HEADGATE_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  };
  const one = await startHeadgate({ config: { server: { threads: 1 }, admin: { token: ADMIN_TOKEN } }, env });
  onTestFinished(() => one.stop().then(() => {}));
  const api = new AdminClient(one.url);
  const { body } = await api.post('/api/keys', { name: 'mine', models: ['support'] });
  await api.post('/api/providers', { id: 'p', extends: 'mock', headers: { 'x-account': SECRET } });
  expect((await api.post('/api/model-definitions', { id: 'support', targets: ['mock/hello'] })).status).toBe(
    201,
  );
  const exported = await runHeadgate(['export', '--data', one.dataDir], { env });
  expect([exported.code, exported.stderr]).toEqual([0, '']);
  expect(exported.stdout).not.toContain(SECRET);
  writeFileSync(join(folder, 'moved.yaml'), `${exported.stdout}\n`);

  // Into an empty store that no gateway runs on; what stands for a secret is taken from the environment.
  const take = (data: string) =>
    runHeadgate(['import', join(folder, 'moved.yaml'), '--data', data], {
      env: { ...env, P_X_ACCOUNT: SECRET },
    });
  const other = join(folder, 'data');
  const done = await take(other);
  expect([done.code, done.stderr, done.stdout.split('\n').at(-1)]).toEqual([
    0,
    '',
    '3 made, 0 changed, 0 as they were',
  ]);
  expect((await runHeadgate(['export', '--data', other], { env })).stdout).toBe(exported.stdout);

  // Into the one that runs, which knows of it at once.
  writeFileSync(join(folder, 'moved.yaml'), exported.stdout.replace('mock/hello', 'mock/changed'));
  expect((await take(one.dataDir)).stdout).toBe('~ model support\n0 made, 1 changed, 2 as they were');
  const target = async (): Promise<unknown> => {
    const answer = await ask(one.url, body.secret, 'support');
    return (answer.body as { model?: string }).model;
  };
  for (const until = Date.now() + 30_000; (await target()) !== 'changed' && Date.now() < until; )
    await sleep(30);
  expect(await target()).toBe('changed');

  // What is refused is told, and is not written either.
  const refused = await api.post('/api/providers', {
    id: 'q',
    base_url: 'nonsense',
    keys: [{ value: SECRET }],
    api_key: SECRET,
  });
  expect([refused.status, JSON.stringify(refused.body)]).toEqual([400, expect.not.stringContaining(SECRET)]);
  expect(one.logs()).not.toContain(SECRET);

  const { code, stderr } = await runHeadgate(['import', 'litellm', 'x.yaml']);
  expect([code, stderr]).toEqual([2, expect.stringContaining('LiteLLM')]);
});
