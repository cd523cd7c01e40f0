import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import type { Definition } from '../../core/config/definitions.js';
import { loadWithPlugins } from '../../core/plugin/load-config.js';
import { createGateway, type Gateway } from '../../dist/bin/library.js';
import { builtins, named } from '../../plugins/index.js';
import { runHeadgate } from '../e2e/harness.js';
import { json } from '../gateway/embedded.js';
import { ADMIN_TOKEN, adminOf, messageOf } from './embedded-admin.js';

const SECRET = 'sk-proj-0123456789abcdefghij-WXYZ';
const [one, two] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-definitions-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
});

const write = (config: object): void =>
  writeFileSync(
    join(folder, 'headgate.yaml'),
    JSON.stringify({ admin: { token: ADMIN_TOKEN }, observability: { log_level: 'warn' }, ...config }),
  );
async function started(
  env: Record<string, string> = {},
): Promise<Gateway & { admin: ReturnType<typeof adminOf> }> {
  const gateway = await createGateway({
    config: join(folder, 'headgate.yaml'),
    dataDir: join(folder, 'data'),
    env,
  });
  let closed = false;
  const close = async (): Promise<boolean> => {
    if (closed) return true;
    closed = true;
    return gateway.close();
  };
  onTestFinished(async () => void (await close()));
  return { ...gateway, close, admin: adminOf(gateway) };
}
const chat = async (gateway: Gateway, model: string): Promise<number> =>
  (await gateway.fetch('/v1/chat/completions', json({ model, messages: [{ role: 'user', content: 'Hi' }] })))
    .status;
const becomes = async (holds: () => Promise<boolean>): Promise<void> => {
  for (const until = Date.now() + 30_000; Date.now() < until; await sleep(20)) if (await holds()) return;
  expect(await holds()).toBe(true);
};
const ready = async (gateway: Gateway) =>
  (await (await gateway.fetch('/health/ready')).json()) as { status: string; notes?: string[] };

it('a file that takes away what the store relies on is taken; what relies on it is out of force and says why', async () => {
  const local = { extends: 'openai', base_url: 'http://127.0.0.1:9', keys: [{ value: 'none' }] };
  write({ providers: { local } });
  const gateway = await started();
  await gateway.admin('POST', '/api/model-definitions', { id: 'm', targets: ['local/x', 'mock/a'] });
  await gateway.admin('POST', '/api/model-definitions', { id: 'n', targets: ['mock/a'] });
  expect(await chat(gateway, 'n')).toBe(200);
  expect((await ready(gateway)).notes).toBeUndefined();

  write({ providers: {}, models: { n: { targets: ['mock/b'] } } });
  const shown = async () => (await gateway.admin('GET', '/api/model-definitions/m')).body;
  await becomes(async () => (await shown())['in_force'] === false);
  expect((await shown())['in_force_reason']).toContain('models.m.targets[0]: unknown provider');
  expect(await chat(gateway, 'm')).toBe(503);
  expect(await chat(gateway, 'n')).toBe(200);
  expect(await ready(gateway)).toMatchObject({
    status: 'ready',
    notes: [expect.stringContaining('2 of what the store defines')],
  });
  // Of both, the file's is shown; the store's stands in the list beside it and says that it does not count.
  const { data } = (await gateway.admin('GET', '/api/model-definitions?search=n')).body as { data: object[] };
  expect(data).toEqual([
    expect.objectContaining({ source: 'file', in_force: true }),
    expect.objectContaining({ source: 'store', in_force: false, read_only: true }),
  ]);
  // Other changes go on, and it is no obstacle to them.
  expect(
    (await gateway.admin('POST', '/api/model-definitions', { id: 'o', targets: ['mock/a'] })).status,
  ).toBe(201);

  // A start with such a store is a start.
  await gateway.close();
  const again = await started();
  expect(await chat(again, 'o')).toBe(200);
  expect((await again.admin('GET', '/api/model-definitions?in_force=false')).body['data']).toHaveLength(2);
  write({ providers: { local } });
  await becomes(async () => (await again.admin('GET', '/api/model-definitions/m')).body['in_force'] === true);
});

/**
 * A provider of the store took the place of the built-in `openai`. While it was out of force the built-in one, with a key of the
 * environment, was asked in its place: what was meant for a private server went to the vendor.
 */
it('nothing takes the place of a provider or a model of the store that is out of force', async () => {
  // The built-in provider is there: asked, it would not be reached, which is another error.
  const env = { OPENAI_API_KEY: 'sk-of-the-vendor-0123456789' };
  const [row, base_url] = ['openai', 'http://127.0.0.1:9/v1'];
  // Gets what names no other.
  const elsewhere = { extends: 'openai', base_url: 'http://127.0.0.1:9/v1', keys: [{ value: 'none' }] };
  write({
    providers: { other: elsewhere },
    defaults: { openai: 'other' },
    models: { both: { targets: ['mock/a'] } },
  });
  const gateway = await started({ ...env, HEADGATE_ENCRYPTION_KEY: one });
  await gateway.admin('POST', '/api/providers', { id: row, base_url, keys: [{ value: SECRET }] });
  await gateway.admin('POST', '/api/model-definitions', { id: 'own', targets: [`${row}/x`] });
  await gateway.admin('POST', '/api/model-definitions', { id: 'some', targets: [`${row}/x`, 'mock/a'] });
  await gateway.close();

  const other = await started({ ...env, HEADGATE_ENCRYPTION_KEY: two });
  const refused = async (path: string, init: RequestInit, code = 'definition_held_back') => {
    const answer = await other.fetch(path, init);
    expect([path, answer.status, await answer.text()]).toEqual([path, 503, expect.stringContaining(code)]);
  };
  const messages = [{ role: 'user', content: 'Hi' }];
  for (const model of [`${row}/x`, 'own', 'gpt-4o'])
    await refused('/v1/chat/completions', json({ model, messages }));
  await refused('/v1/images/generations', json({ model: `${row}/x`, prompt: 'a' }));
  await refused('/v1/files', { headers: { 'x-headgate-provider': row } });
  await refused('/v1/chat/completions', {
    ...json({ model: 'mock/a', messages }),
    headers: { 'content-type': 'application/json', 'x-headgate-fallbacks': `${row}/x` },
  });
  await refused(`/v1/models/${row}/x`, {});
  const names = (await (await other.fetch('/v1/models')).json()) as { data: { id: string }[] };
  expect(names.data.filter(({ id }) => id === 'own' || id.startsWith(`${row}/`))).toEqual([]);
  expect(await chat(other, 'both')).toBe(200);
  const shown = (await other.admin('GET', `/api/providers/${row}`)).body;
  expect(shown['in_force']).toBe(false);
  // Given anew, it is asked, and nobody else.
  await other.admin('PUT', `/api/providers/${row}`, { base_url, keys: [{ value: SECRET }] });
  expect(await chat(other, 'own')).toBe(502);
});

it('a credential is encrypted at rest, and with another key its provider is out of force', async () => {
  write({});
  const provider = { id: 'p', extends: 'openai', base_url: 'http://127.0.0.1:9', keys: [{ value: SECRET }] };
  const without = await started();
  const refused = await without.admin('POST', '/api/providers', provider);
  expect([refused.status, messageOf(refused)]).toEqual([
    400,
    expect.stringContaining('set HEADGATE_ENCRYPTION_KEY'),
  ]);
  await without.close();

  const gateway = await started({ HEADGATE_ENCRYPTION_KEY: one });
  expect((await gateway.admin('POST', '/api/providers', provider)).status).toBe(201);
  await gateway.admin('PATCH', '/api/providers/p', { headers: { 'x-secret': SECRET } });
  await gateway.admin('POST', '/api/model-definitions', { id: 'm', targets: ['p/x'] });
  for (const path of ['/api/providers', '/api/providers/p', '/api/audit', '/api/models'])
    expect([path, (await gateway.admin('GET', path)).text.includes(SECRET)]).toEqual([path, false]);
  await gateway.close();
  for (const name of readdirSync(join(folder, 'data'), { recursive: true, encoding: 'utf8' })) {
    let bytes = Buffer.alloc(0);
    try {
      bytes = readFileSync(join(folder, 'data', name));
    } catch {
      // A folder.
    }
    expect([name, bytes.includes(SECRET)]).toEqual([name, false]);
  }

  const other = await started({ HEADGATE_ENCRYPTION_KEY: two });
  const { body } = await other.admin('GET', '/api/providers/p');
  expect(body).toMatchObject({ in_force: false, keys: [{ value: 'sk-…WXYZ' }] });
  expect(body['in_force_reason']).toContain('which HEADGATE_ENCRYPTION_KEY does not have');
  expect(await chat(other, 'm')).toBe(503);
  expect(await chat(other, 'mock/a')).toBe(200);
  // What cannot be opened cannot be kept by a change, but anything can be given anew.
  const kept = await other.admin('PATCH', '/api/providers/p', { base_url: 'http://127.0.0.1:8' });
  expect(messageOf(kept)).toContain('give its secrets anew');
  const anew = { extends: 'openai', base_url: 'http://127.0.0.1:8', keys: [{ value: SECRET }] };
  expect((await other.admin('PUT', '/api/providers/p', anew)).body['in_force']).toBe(true);
  await other.close();

  const both = await started({ HEADGATE_ENCRYPTION_KEY: `${one},${two}` });
  expect((await both.admin('GET', '/api/providers/p')).body['in_force']).toBe(true);
  expect((await both.admin('GET', '/api/model-definitions/m')).body['in_force']).toBe(true);
  await both.close();

  // It was sealed under the second key last; afterwards the first is enough.
  const reseal = (key: string) =>
    runHeadgate(['store', 'reseal', '--data', join(folder, 'data')], {
      env: { HEADGATE_ENCRYPTION_KEY: key },
    });
  expect(await reseal(one)).toMatchObject({ code: 1, stderr: expect.stringContaining('does not have') });
  expect(await reseal(`${one},${two}`)).toMatchObject({
    code: 0,
    stdout: '1 entry is under the first key now',
  });
  expect(await reseal(one)).toMatchObject({ code: 0, stdout: 'everything is under the first key already' });
  const first = await started({ HEADGATE_ENCRYPTION_KEY: one });
  expect((await first.admin('GET', '/api/providers/p')).body).toMatchObject({ in_force: true, version: 4 });
});

/** The story: `extends: openai` in the file meant what the store called so, and the file's key went to the store's address. */
it('what the file extends is never what the store defines', async () => {
  const file = await loadWithPlugins(
    { data: { providers: { filed: { extends: 'openai', keys: [{ value: SECRET }] } } }, env: {} },
    { builtins, named },
  );
  const stored = (spec: object): Definition => ({
    kind: 'provider',
    id: 'openai',
    spec: { ...spec },
    secrets: new Map(),
  });
  for (const spec of [
    { base_url: 'http://127.0.0.1:9/evil' },
    { extends: 'filed', base_url: 'http://127.0.0.1:9/evil' },
  ]) {
    const { providers } = (await file.with([stored(spec)])).config;
    expect(providers.get('filed')?.baseUrl).toBe('https://api.openai.com/v1');
    expect(providers.get('openai')?.baseUrl).toBe('http://127.0.0.1:9/evil');
    expect(providers.get('openai')?.keys).toEqual([]);
  }
});
