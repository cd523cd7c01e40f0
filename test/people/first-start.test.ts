import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { type Headgate, runHeadgate, startHeadgate, stopCleanly } from '../e2e/harness.js';
import { until } from '../gateway/embedded.js';
import { AdminClient } from '../governance/admin-client.js';

const folder = mkdtempSync(join(tmpdir(), 'headgate-first-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
// As a newcomer has it, not as the other tests do.
const env = { HEADGATE_ADMIN_REQUIRED: '' };
const config = { server: { threads: 1 } };
const start = (): Promise<Headgate> => startHeadgate({ config, env, args: ['--data', folder] });
const tokenIn = (text: string): string | undefined => /hga-[\w-]{43}/.exec(text)?.[0];
const statusOf = async (gateway: Headgate, token: string): Promise<number> =>
  (await new AdminClient(gateway.url, token).get('/api/models?limit=1')).status;

it('the first start makes the admin token, tells it once, and keeps its hash', async () => {
  const first = await start();
  await until('the token is told', () => tokenIn(first.stderr()) !== undefined);
  const token = tokenIn(first.stderr()) ?? '';
  expect(first.stdoutLines().join('\n')).not.toContain('hga-');
  expect([
    await statusOf(first, ''),
    await statusOf(first, 'hga-wrong'),
    await statusOf(first, token),
  ]).toEqual([401, 401, 200]);
  // Models need no token: what a newcomer tries first works at once.
  const chat = await fetch(`${first.url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ model: 'mock/hello', messages: [{ role: 'user', content: 'Hello' }] }),
  });
  expect(chat.status).toBe(200);
  await stopCleanly(first);
  for (const name of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (name.isFile()) expect(readFileSync(join(name.parentPath, name.name)).includes(token)).toBe(false);

  const second = await start();
  try {
    expect(await statusOf(second, token)).toBe(200);
    expect(tokenIn(second.logs())).toBeUndefined();
    // It was lost: another one, in force at once in the gateway that runs.
    const made = await runHeadgate(['admin', 'token', '--new', '--data', folder], { config, env });
    expect([made.code, made.stdout]).toEqual([0, expect.stringMatching(/^hga-[\w-]{43}$/)]);
    await until('the new token works', async () => (await statusOf(second, made.stdout)) === 200);
    expect(await statusOf(second, token)).toBe(401);
  } finally {
    await stopCleanly(second);
  }
});

it('no token is made where one is set, and the command says so', async () => {
  const set = { ...config, admin: { token: 'a-token-that-somebody-has-set' } };
  const refused = await runHeadgate(['admin', 'token', '--new', '--data', folder], { config: set, env });
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('is set, and counts')]);
  expect((await runHeadgate(['admin', 'token'], { config, env })).code).toBe(2);
});
