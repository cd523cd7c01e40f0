import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runHeadgate, startHeadgate, stopCleanly } from '../e2e/harness.js';
import { noPostgres, type RealPostgres, startPostgres } from '../store/real-postgres.js';
import { ADMIN_TOKEN, AdminClient, ask } from './admin-client.js';

const QUESTION = 'How far is Zanzibar?';
const SECRET = 'a-server-secret-for-tests-0123456789';
const env = { HEADGATE_SECRET: SECRET };
const folder = mkdtempSync(join(tmpdir(), 'headgate-copy-'));
const config = (url?: string) => ({
  server: { threads: 1 },
  admin: { token: ADMIN_TOKEN },
  observability: { log_bodies: true },
  prices: { 'mock/*': { request_usd: 0.001 } },
  ...(url !== undefined && { store: { url } }),
});
let server: RealPostgres | null = null;
beforeAll(async () => {
  if (noPostgres === null) server = await startPostgres();
});
afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** What a gateway on that store knows: of a key, a team, usage. */
async function known(url: string, secret: string, id: string): Promise<object> {
  const gateway = await startHeadgate({ config: config(url), env });
  try {
    expect((await ask(gateway.url, secret)).status).toBe(200);
    const api = new AdminClient(gateway.url);
    const { body: key } = await api.get(`/api/keys/${id}`);
    const { body: audit } = await api.get('/api/audit');
    const { body: usage } = await api.get('/api/usage?group_by=key,team');
    const { body: found } = await api.get('/api/requests?q=zanzibar');
    const [{ id: about } = { id: 'none' }] = found['data'] as { id: string }[];
    const { body: request } = await api.get(`/api/requests/${about}`);
    const verified = await runHeadgate(['ledger', 'verify', '--data', gateway.dataDir], {
      config: config(url),
      env,
    });
    return {
      name: key['name'],
      team: key['team'],
      audit,
      kept: JSON.stringify(request['bodies']),
      usage: (usage['total'] as { requests: number }).requests,
      sums: verified.code,
    };
  } finally {
    await stopCleanly(gateway);
  }
}

it('a store is copied to another database and back, with keys, audit and usage', async () => {
  const first = `sqlite:${join(folder, 'first.db')}`;
  const gateway = await startHeadgate({ config: config(first), env });
  const api = new AdminClient(gateway.url);
  await api.post('/api/teams', { id: 'support', limits: { rpm: 1000 } });
  const { body } = await api.post('/api/keys', { name: 'mover', team: 'support' });
  for (let i = 0; i < 3; i++) expect((await ask(gateway.url, body.secret)).status).toBe(200);
  const told = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${body.secret}`,
      'content-type': 'application/json',
      connection: 'close',
    },
    body: JSON.stringify({ model: 'mock/hello', messages: [{ role: 'user', content: QUESTION }] }),
  });
  await told.text();
  const kept = async () => ((await api.get('/api/requests?q=zanzibar')).body['data'] as unknown[]).length;
  await expect.poll(kept, { timeout: 20_000 }).toBe(1);
  const copy = (from: string, to: string) =>
    runHeadgate(['store', 'copy', '--to', to, '--data', gateway.dataDir], { config: config(from), env });

  const second = server === null ? `sqlite:${join(folder, 'second.db')}` : await server.database();
  expect(await copy(first, second)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('a gateway runs'),
  });
  await stopCleanly(gateway);
  const copied = await copy(first, second);
  expect(copied).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/copied \d+ rows .* 2 keys and entities/),
  });
  expect(copied.all).not.toContain('only-for-this-test');
  const id = String(body['id']);
  const there = await known(second, body.secret, id);
  expect(there).toMatchObject({
    name: 'mover',
    team: 'support',
    usage: 5,
    kept: expect.stringContaining(QUESTION),
    sums: 0,
    audit: { data: [{ kind: 'key' }, { kind: 'team' }] },
  });

  const third = `sqlite:${join(folder, 'third.db')}`;
  expect((await copy(second, third)).code).toBe(0);
  expect(await known(third, body.secret, id)).toMatchObject({
    name: 'mover',
    usage: 6,
    sums: 0,
    kept: expect.stringContaining(QUESTION),
  });

  expect(await copy(second, third)).toMatchObject({ code: 1, stderr: expect.stringContaining('already') });
  expect(await copy(second, second)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('the store that there is'),
  });
  expect(await copy(second, 'mysql://x:secret-word@y/z')).toMatchObject({
    code: 2,
    stderr: expect.not.stringContaining('secret-word'),
  });
  expect(existsSync(join(folder, 'third.db'))).toBe(true);
});
