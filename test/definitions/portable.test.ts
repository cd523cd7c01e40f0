import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { definePlugin } from '@headgate/sdk';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { loadWithPlugins } from '../../core/plugin/load-config.js';
import { builtins, named } from '../../plugins/index.js';
import { startOpenAi } from '../fakes/openai.js';
import type { FakeProvider } from '../fakes/provider.js';
import { type Embedded, embed, json } from '../gateway/embedded.js';
import { ADMIN_TOKEN, adminOf, codeOf, messageOf, type Told } from './embedded-admin.js';

const SECRETS = {
  EU_API_KEY: 'sk-proj-0123456789abcdefghij-WXYZ',
  EU_API_KEY_2: 'short',
  EU_X_ACCOUNT: 'acct-0123456789abcdefghijklmn',
  GUARD_API_TOKEN: 'tok_0123456789abcdefghij',
};
const LITELLM_KEY = 'sk-of-litellm-0123456789';

const guarded = definePlugin({
  name: 'test/guard',
  version: '1.0.0',
  config: z.strictObject({ words: z.array(z.string()).default([]), api_token: z.string().optional() }),
});

const reference = (name: string): string => `\${${name}}`;
const HOME = reference('HOME');

let fake: FakeProvider;
const gateways: Embedded[] = [];
/** With keys hashed under one secret, so that hashes mean the same on all. */
const gateway = async (more: object = {}): Promise<Embedded> => {
  const made = await embed({
    plugins: [guarded],
    config: {
      admin: {
        token: ADMIN_TOKEN,
        secret: 'of-all-of-them-0123456789',
        encryption_key: randomBytes(32).toString('hex'),
      },
      ...more,
    },
    env: {},
  });
  gateways.push(made);
  return made;
};

let full: Embedded;
let admin: ReturnType<typeof adminOf>;
let key: string;
let revoked: string;
let text: string;
beforeAll(async () => {
  fake = await startOpenAi();
  full = await gateway();
  admin = adminOf(full);
  const make = async (path: string, body: object): Promise<Told['body']> => {
    const told = await admin('POST', path, body);
    expect([path, told.status, told.text]).toEqual([path, 201, told.text]);
    return told.body;
  };
  await make('/api/providers', {
    id: 'eu',
    extends: 'openai',
    base_url: `${fake.url}/v1`,
    keys: [
      { value: SECRETS.EU_API_KEY, weight: 3, name: 'first' },
      { value: SECRETS.EU_API_KEY_2, models: ['gpt-*'] },
    ],
    headers: { 'x-account': SECRETS.EU_X_ACCOUNT },
    timeouts: { total: '1m' },
  });
  await make('/api/providers', { id: 'eu-2', extends: 'eu', keys: [{ value: 'none' }] });
  await make('/api/model-definitions', {
    id: 'team/support',
    strategy: 'weighted',
    targets: [{ target: 'eu/gpt-4o', weight: 2 }, 'mock/hello'],
    retries: { attempts: 1, on: [429, '5xx'] },
  });
  await make('/api/prices', { id: 'eu/gpt-4o', input_per_million_usd: 2.5, output_per_million_usd: 10 });
  await make('/api/plugins', {
    id: 'guard',
    use: 'test/guard',
    order: -3,
    config: {
      words: ['a: b # c', `$${reference('literal')}`, 'yes', '- x'],
      api_token: SECRETS.GUARD_API_TOKEN,
    },
  });
  await make('/api/organizations', {
    id: 'acme',
    name: `Acme: "GmbH" ${reference('x')}`,
    labels: { note: 'line\nbreak' },
  });
  await make('/api/teams', { id: 'support', organization: 'acme', budgets: [{ usd: 5, per: 'day' }] });
  await make('/api/projects', { id: 'bot', team: 'support' });
  await make('/api/users', { id: 'ada@example.com', organization: 'acme', email: 'ada@example.com' });
  await make('/api/customers', { id: '東京 & co', disabled: true });
  await make('/api/request-tags', { id: 'nightly', limits: { rpm: 100 } });
  const made = await make('/api/keys', {
    name: 'nightly job',
    project: 'bot',
    expires: '2099-01-01',
    models: ['*'],
  });
  key = String(made['secret']);
  const gone = await make('/api/keys', { name: 'taken back' });
  revoked = String(gone['id']);
  await admin('POST', `/api/keys/${revoked}/revoke`);
  const hash = createHash('sha256').update(LITELLM_KEY).digest('hex');
  await make('/api/keys/import', { id: 'from-litellm', hash, user: 'ada@example.com' });
  text = (await admin('GET', '/api/export')).text;
});
afterAll(async () => {
  for (const one of gateways) await one.close();
  await fake.close();
});

const withSecrets = (): string =>
  Object.entries(SECRETS).reduce((said, [name, value]) => said.replace(`\${${name}}`, value), text);
const count = ({ body }: Told): Record<string, number> =>
  Object.fromEntries(
    ['created', 'updated', 'unchanged', 'skipped'].map((name) => [name, (body[name] as unknown[]).length]),
  );

describe('an export', () => {
  it('is a headgate.yaml without a secret, and hints at them', async () => {
    for (const secret of [...Object.values(SECRETS), key, LITELLM_KEY]) expect(text).not.toContain(secret);
    for (const name of Object.keys(SECRETS)) expect(text).toContain(`\${${name}}`);
    expect(text).toMatch(/\$\{EU_API_KEY\}"? # sk-…WXYZ/);
    const data = parse(text) as { keys: object[]; organizations: Record<string, { name: string }> };
    expect(data.keys).toHaveLength(2);
    expect(text).not.toContain(revoked);
    expect(data.organizations['acme']?.name).toBe(`Acme: "GmbH" $${reference('x')}`);
    const folder = mkdtempSync(join(tmpdir(), 'headgate-export-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'headgate.yaml'), text);
    const { config } = await loadWithPlugins(
      { file: 'headgate.yaml', cwd: folder, env: SECRETS },
      { builtins, named: { ...named, 'test/guard': async () => guarded } },
    );
    expect(config.providers.get('eu')?.keys[0]?.value.reveal()).toBe(SECRETS.EU_API_KEY);
    expect(config.entities.get('organization:acme')?.link.name).toBe(`Acme: "GmbH" ${reference('x')}`);
  });

  it('is there for those who may change the configuration, of what there is', async () => {
    const none = await adminOf(full, 'wrong')('GET', '/api/export');
    expect(none.status).toBe(401);
    expect(codeOf(await admin('GET', '/api/export?of=nothing'))).toBe('invalid_parameter');
  });
});

describe('an import', () => {
  it('of what is there changes nothing, and makes no line in the audit', async () => {
    const before = (await admin('GET', '/api/audit?limit=1')).text;
    const told = await admin('POST', '/api/import', text);
    expect([told.status, count(told)]).toEqual([200, { created: 0, updated: 0, unchanged: 13, skipped: 0 }]);
    expect((await admin('GET', '/api/audit?limit=1')).text).toBe(before);
    await full.fetch('/v1/chat/completions', {
      ...json({ model: 'eu/gpt-4o', messages: [{ role: 'user', content: 'x' }] }),
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    });
    expect([SECRETS.EU_API_KEY, SECRETS.EU_API_KEY_2]).toContain(fake.received.at(-1)?.key);
  });

  it('into an empty store gives the same configuration', async () => {
    const empty = await gateway();
    const other = adminOf(empty);
    const blind = await other('POST', '/api/import', text);
    expect([blind.status, codeOf(blind)]).toEqual([400, 'entity_invalid']);
    expect(messageOf(blind)).toContain(
      'providers.eu.keys[0].value: environment variable EU_API_KEY is not set',
    );
    const dry = await other('POST', '/api/import?dry_run=true', withSecrets());
    expect([dry.status, dry.body['dry_run'], count(dry)]).toEqual([
      200,
      true,
      { created: 13, updated: 0, unchanged: 0, skipped: 0 },
    ]);
    for (const path of ['providers', 'keys', 'teams', 'audit'])
      expect([path, (await other('GET', `/api/${path}`)).body['data']]).toEqual([path, []]);

    const done = await other('POST', '/api/import', withSecrets());
    expect(count(done)).toEqual({ created: 13, updated: 0, unchanged: 0, skipped: 0 });
    expect((await other('GET', '/api/export')).text).toBe(text);
    expect(count(await other('POST', '/api/import', withSecrets()))).toEqual({
      created: 0,
      updated: 0,
      unchanged: 13,
      skipped: 0,
    });
    // Keys of the one are known at the other, and what they may is the same.
    const asked = (who: string) =>
      empty.fetch('/v1/chat/completions', {
        ...json({ model: 'eu/gpt-4o', messages: [{ role: 'user', content: 'Hello' }] }),
        headers: { authorization: `Bearer ${who}`, 'content-type': 'application/json' },
      });
    expect((await asked(key)).status).toBe(200);
    expect((await asked(LITELLM_KEY)).status).toBe(200);
    expect((await asked('hg-somebody-else')).status).toBe(401);
    expect([SECRETS.EU_API_KEY, SECRETS.EU_API_KEY_2]).toContain(fake.received.at(-1)?.key);
    const audit = await other('GET', '/api/audit');
    expect(audit.body['data']).toHaveLength(13);
    for (const secret of Object.values(SECRETS))
      if (secret !== 'short') expect(audit.text).not.toContain(secret);

    // JSON is taken too, and what differs is changed.
    const data = parse(withSecrets()) as { teams: Record<string, object>; providers: Record<string, object> };
    data.teams['support'] = { organization: 'acme' };
    data.providers['eu-2'] = { extends: 'openai', keys: [{ value: 'none' }] };
    expect(count(await other('POST', '/api/import', data))).toEqual({
      created: 0,
      updated: 2,
      unchanged: 11,
      skipped: 0,
    });
  });

  it('is all or nothing, and says where what is wrong', async () => {
    const empty = await gateway();
    const other = adminOf(empty);
    const cases: [text: string, words: string][] = [
      ['providers: {eu: [}', 'import:1'],
      ['provider: {}', 'did you mean "providers"?'],
      ['- a', 'expected a mapping with sections'],
      ['providers: [a]', 'providers: expected a mapping'],
      ['plugins: {a: b}', 'plugins: expected a list'],
      ['keys: [{models: []}]', 'keys[0]: a key needs a name'],
      ['keys: [{name: a}]', 'keys "a": hash: expected a value or a hash of it'],
      ['keys: [{name: a, hash: "md5:1"}]', 'keys "a"'],
      ['teams: {good: {}, bad: {organization: nobody}}', 'teams "bad": there is no organization "nobody"'],
      ['teams: {"no spaces": {}}', 'teams "no spaces": expected an id'],
      ['teams: {a: {nonsense: 1}}', 'teams "a": unknown "nonsense"'],
      ['models: {a: {targets: [mock/x]}, b: {targets: [nobody/x]}}', 'models.b.targets[0]: unknown provider'],
      ['plugins: [{name: mine, use: ./code.js}]', 'a module is code'],
      [`models: {a: {targets: ["${HOME}/x"]}}`, 'models.a.targets[0]: environment variable HOME is not set'],
      [`teams: {a: {name: "${HOME}"}}`, 'teams "a": name: environment variable HOME is not set'],
      [
        `providers: {eu: {extends: openai, keys: [{value: "a${HOME}c"}]}}`,
        'keys[0].value: environment variable HOME',
      ],
      [`models: {a: {targets: [mock/x]}}\nx: ${'a'.repeat(9_000_000)}`, 'larger than'],
    ];
    for (const [given, words] of cases) {
      const told = await other('POST', '/api/import', given);
      expect([given.slice(0, 80), told.status, codeOf(told)]).toEqual([
        given.slice(0, 80),
        400,
        'entity_invalid',
      ]);
      expect(messageOf(told)).toContain(words);
    }
    expect((await other('POST', '/api/import?dry_run=perhaps', '')).status).toBe(400);
    const bytes = await empty.fetch('/api/import', {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
      body: Buffer.from([0xff, 0xfe]),
    });
    expect(bytes.status).toBe(400);
    for (const path of ['model-definitions', 'keys', 'teams'])
      expect([path, (await other('GET', `/api/${path}`)).body['data']]).toEqual([path, []]);
  });

  it('deletes what it does not have where it is told to, of the sections that it has, and nothing that is still needed', async () => {
    const other = adminOf(await gateway());
    await other('POST', '/api/import', withSecrets());
    const key = await other('POST', '/api/keys', { name: 'to be revoked' });
    await other(
      'POST',
      `/api/keys/${String((key.body['key'] as { id: string } | undefined)?.id ?? key.body['id'])}/revoke`,
    );
    const nothing = { created: 0, updated: 0, unchanged: 13, skipped: 0 };
    // What was exported is all there is.
    const same = await other('POST', '/api/import?prune=true', withSecrets());
    expect([count(same), same.body['deleted']]).toEqual([nothing, []]);

    const data = parse(withSecrets()) as Record<string, unknown>;
    const { keys, projects: _, teams: __, customers: ___, ...rest } = data;
    const bot = {
      ...rest,
      keys: (keys as { project?: string }[]).filter(({ project }) => project === undefined),
      projects: null,
      teams: {},
      plugins: [],
    };
    const gone = [
      { kind: 'plugin', id: 'guard' },
      { kind: 'key', id: expect.any(String) },
      { kind: 'project', id: 'bot' },
      { kind: 'team', id: 'support' },
    ];
    const before = (await other('GET', '/api/export')).text;
    const dry = await other('POST', '/api/import?prune=true&dry_run=true', bot);
    expect([dry.status, dry.body['deleted']]).toEqual([200, expect.arrayContaining(gone)]);
    expect((await other('GET', '/api/export')).text).toBe(before);

    // The key is of the project that is to go.
    const inUse = await other('POST', '/api/import?prune=true', { projects: {} });
    expect([inUse.status, codeOf(inUse)]).toEqual([409, 'entity_in_use']);
    const provider = await other('POST', '/api/import?prune=true', { providers: {} });
    expect([provider.status, codeOf(provider)]).toEqual([409, 'entity_in_use']);
    expect((await other('GET', '/api/export')).text).toBe(before);

    const done = await other('POST', '/api/import?prune=true', bot);
    expect(done.body['deleted']).toHaveLength(4);
    expect(done.body['deleted']).toEqual(expect.arrayContaining(gone));
    const left = parse((await other('GET', '/api/export')).text) as Record<string, object>;
    expect(Object.keys(left)).not.toEqual(expect.arrayContaining(['teams']));
    // A section that the text does not have is left alone.
    expect(left['customers']).toEqual(data['customers']);
    expect(left['keys']).toHaveLength(1);
    const audit = await other('GET', '/api/audit?action=delete');
    expect(audit.body['data']).toHaveLength(4);
    expect((await other('POST', '/api/import?prune=perhaps', '')).status).toBe(400);
  });

  it('leaves what the file defines, and what belongs into the file', async () => {
    const filed = await gateway({
      models: { 'team/support': { targets: ['mock/of-the-file'] } },
      teams: { support: { name: 'Of the file' } },
      keys: [{ name: 'ci', id: 'from-litellm', value: 'hg-of-the-file-0123456789' }],
    });
    const other = adminOf(filed);
    const given = `${withSecrets()}\nserver: { port: 1 }\nadmin: { token: nobody-takes-this }\n`;
    const told = await other('POST', '/api/import', given);
    expect(told.body).toMatchObject({ ignored: ['server', 'admin'] });
    expect(count(told)).toMatchObject({ created: 10, skipped: 3 });
    expect(told.body['skipped']).toContainEqual({
      kind: 'team',
      id: 'support',
      why: expect.stringContaining('configuration file'),
    });
    // All of it, the file's too, whose keys are told by their hashes.
    const { text: all } = await other('GET', '/api/export?of=all');
    const data = parse(all) as {
      models: Record<string, object>;
      teams: Record<string, object>;
      keys: { id: string; hash: string }[];
    };
    expect(data.models['team/support']).toEqual({ targets: ['mock/of-the-file'] });
    expect(data.teams['support']).toEqual({ name: 'Of the file' });
    expect(data.keys.map(({ id }) => id)).toContain('from-litellm');
    expect(all).not.toContain('hg-of-the-file');
    expect(data.keys[0]?.hash).toMatch(/^hmac-sha256:[0-9a-f]{64}$/);
  });
});
