import { randomBytes } from 'node:crypto';
import { definePlugin } from '@headgate/sdk';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startOpenAi } from '../fakes/openai.js';
import type { FakeProvider } from '../fakes/provider.js';
import { type Embedded, embed, json } from '../gateway/embedded.js';
import { ADMIN_TOKEN, adminOf, codeOf, messageOf } from './embedded-admin.js';

const KEY = randomBytes(32).toString('base64');
const SECRET = 'sk-proj-0123456789abcdefghij-WXYZ';

const reference = (name: string): string => `\${${name}}`;

/** A plugin with settings, one of them a secret, that may fail in its set-up. */
const guarded = definePlugin({
  name: 'test/guard',
  version: '1.0.0',
  config: z.strictObject({
    mode: z.enum(['quiet', 'breaks']).default('quiet'),
    api_token: z.string().optional(),
  }),
  setup(_host, { mode, api_token: token }) {
    if (mode === 'breaks') throw new Error('it does not feel like it');
    if (token !== undefined) seen.push(token);
  },
});
const seen: string[] = [];

let fake: FakeProvider;
let gateway: Embedded;
let admin: ReturnType<typeof adminOf>;
beforeAll(async () => {
  fake = await startOpenAi();
  gateway = await embed({
    plugins: [guarded],
    config: {
      admin: { token: ADMIN_TOKEN, encryption_key: KEY, variables: ['ALLOWED_KEY'] },
      providers: {
        filed: {
          extends: 'openai',
          base_url: `${fake.url}/v1`,
          keys: [{ value: 'sk-of-the-file-0123456789' }],
        },
      },
      models: { 'of-the-file': { targets: ['filed/gpt-4o'] } },
      prices: { 'filed/gpt-4o': { input_per_million_usd: 1, output_per_million_usd: 2 } },
    },
    env: {
      ALLOWED_KEY: 'sk-of-the-environment-0123456789',
      OPENAI_API_KEY: 'sk-openai-of-the-env-0123456789',
    },
  });
  admin = adminOf(gateway);
});
afterAll(async () => {
  await gateway.close();
  await fake.close();
});
beforeEach(() => fake.reset());

const chat = (model: string) =>
  gateway.fetch('/v1/chat/completions', json({ model, messages: [{ role: 'user', content: 'Hello' }] }));
const provider = (id: string, more: object = {}) => ({
  id,
  extends: 'openai',
  base_url: `${fake.url}/v1`,
  keys: [{ value: SECRET, name: 'main' }],
  ...more,
});
const make = async (path: string, body: object) => {
  const made = await admin('POST', path, body);
  expect([made.status, made.text]).toEqual([201, made.text]);
  return made.body;
};
const remove = async (path: string) => expect((await admin('DELETE', path)).status).toBe(200);

describe('providers and models', () => {
  it('are in force at once, changed, and gone', async () => {
    expect((await chat('api/gpt-4o')).status).toBe(404);
    const made = await make('/api/providers', provider('api'));
    expect(made).toMatchObject({ id: 'api', source: 'store', read_only: false, in_force: true, version: 1 });
    expect((await chat('api/gpt-4o')).status).toBe(200);
    expect(fake.received.at(-1)?.key).toBe(SECRET);

    await make('/api/model-definitions', { id: 'team/support', targets: ['api/gpt-4o'] });
    expect((await chat('team/support')).status).toBe(200);
    const path = `/api/model-definitions/${encodeURIComponent('team/support')}`;
    expect((await admin('GET', path)).body).toMatchObject({ id: 'team/support', targets: ['api/gpt-4o'] });
    const changed = await admin('PATCH', path, { targets: ['mock/hello'], version: 1 });
    expect(changed.body).toMatchObject({ version: 2, targets: ['mock/hello'] });
    expect((await chat('team/support')).headers.get('x-headgate-provider')).toBe('mock');

    await remove(path);
    expect((await chat('team/support')).status).toBe(404);
    await remove('/api/providers/api');
    expect((await chat('api/gpt-4o')).status).toBe(404);
  });

  it('take a change with a key left as it is shown, and with another one', async () => {
    const made = await make('/api/providers', provider('keys'));
    expect(made['keys']).toEqual([{ value: 'sk-…WXYZ', name: 'main' }]);
    const put = await admin('PUT', '/api/providers/keys', {
      extends: 'openai',
      base_url: `${fake.url}/v1`,
      keys: [{ value: 'sk-second-0123456789-abcdefgh' }, { value: 'sk-…WXYZ', weight: 0 }],
    });
    expect(put.body['keys']).toEqual([{ value: 'sk-…efgh' }, { value: 'sk-…WXYZ', weight: 0 }]);
    await chat('keys/gpt-4o');
    expect(fake.received.at(-1)?.key).toBe('sk-second-0123456789-abcdefgh');
    await admin('PATCH', '/api/providers/keys', { keys: [{ value: 'sk-…WXYZ' }] });
    await chat('keys/gpt-4o');
    expect(fake.received.at(-1)?.key).toBe(SECRET);
    const unknown = await admin('PATCH', '/api/providers/keys', { keys: [{ value: 'sk-…nope' }] });
    expect([unknown.status, codeOf(unknown)]).toEqual([400, 'entity_invalid']);
    await remove('/api/providers/keys');
  });

  it('are refused with the words of headgate check, and nothing is stored', async () => {
    const cases: [path: string, body: object, words: string][] = [
      ['/api/model-definitions', { id: 'm', targets: ['nobody/x'] }, 'models.m.targets[0]: unknown provider'],
      ['/api/model-definitions', { id: 'm', targets: [] }, 'models.m.targets: expected at least one target'],
      ['/api/model-definitions', { id: 'm', targets: ['mock/a'], stratgy: 'x' }, 'did you mean "strategy"?'],
      [
        '/api/model-definitions',
        { id: 'm', targets: ['mock/a'], strategy: 'sticky' },
        'not supported by this version yet',
      ],
      ['/api/providers', { id: 'p', base_url: 'http://127.0.0.1:1' }, 'needs "extends"'],
      [
        '/api/providers',
        { id: 'p', extends: 'openai', base_url: 'ftp://x' },
        'providers.p.base_url: expected an http',
      ],
      ['/api/providers', provider('p', { headers: { 'x-a': 'a\r\nx-b: c' } }), 'providers.p.headers.x-a'],
      ['/api/providers', provider('p', { extends: 'p' }), 'goes round in a circle'],
      ['/api/providers', provider('p', { formats: { nonsense: '/x' } }), 'unknown wire format'],
      ['/api/providers', provider("'; DROP TABLE control_entities; --"), 'expected a provider id'],
      ['/api/providers', { extends: 'openai' }, 'needs an "id"'],
      ['/api/model-definitions', { id: '__proto__', targets: ['mock/a'] }, 'cannot be called that'],
      ['/api/prices', { id: 'no-slash' }, 'expected "provider/model"'],
      ['/api/prices', { id: 'mock/x', input_per_million_usd: -1 }, 'from 0 to 1000'],
      ['/api/plugins', { use: 'no-such' }, 'there is no plugin "no-such"'],
      ['/api/plugins', { id: 'mine', use: '/etc/passwd' }, 'a module is code'],
      ['/api/plugins', { id: 'mine', use: './plugins/x.js' }, 'a module is code'],
      [
        '/api/plugins',
        { id: 'mine', use: 'test/guard', config: { mode: 'breaks' } },
        'it does not feel like it',
      ],
      ['/api/plugins', { id: 'mine', use: 'file:///tmp/x.js' }, 'a module is code'],
      [
        '/api/plugins',
        { id: 'mine', use: 'test/guard', config: { wrong: 1 } },
        'plugins.mine.config.wrong: unknown key',
      ],
    ];
    for (const [path, body, words] of cases) {
      const told = await admin('POST', path, body);
      expect([path, body, told.status, codeOf(told)]).toEqual([path, body, 400, 'entity_invalid']);
      expect(messageOf(told)).toContain(words);
      expect(told.text).not.toContain(SECRET);
    }
    for (const { path } of [
      { path: 'providers' },
      { path: 'model-definitions' },
      { path: 'prices' },
      { path: 'plugins' },
    ]) {
      const { data } = (await admin('GET', `/api/${path}?source=store`)).body;
      expect([path, data]).toEqual([path, []]);
    }
  });

  it('a provider that a model still uses cannot be deleted, nor changed so that it breaks', async () => {
    await make('/api/providers', provider('used'));
    await make('/api/model-definitions', { id: 'uses-it', targets: ['used/gpt-4o'] });
    const refused = await admin('DELETE', '/api/providers/used');
    expect([refused.status, codeOf(refused)]).toEqual([409, 'entity_in_use']);
    expect(messageOf(refused)).toContain('models.uses-it.targets[0]: unknown provider');
    expect((await chat('uses-it')).status).toBe(200);
    await remove('/api/model-definitions/uses-it');
    await remove('/api/providers/used');
  });

  it('of the file are read-only, in its words and without its secrets', async () => {
    const { body, text } = await admin('GET', '/api/providers/filed');
    expect(body).toMatchObject({
      source: 'file',
      read_only: true,
      extends: 'openai',
      keys: [{ value: 'sk-…6789' }],
    });
    expect(text).not.toContain('sk-of-the-file');
    for (const [method, path, given] of [
      ['POST', '/api/providers', provider('filed')],
      ['PATCH', '/api/providers/filed', {}],
      ['DELETE', '/api/providers/filed', undefined],
      ['PUT', '/api/model-definitions/of-the-file', { targets: ['mock/a'] }],
      ['DELETE', `/api/prices/${encodeURIComponent('filed/gpt-4o')}`, undefined],
    ] as const) {
      const told = await admin(method, path, given);
      expect([path, told.status, codeOf(told)]).toEqual([path, 409, 'entity_read_only']);
    }
  });

  it('two who change at once do not overwrite each other', async () => {
    await make('/api/model-definitions', { id: 'race', targets: ['mock/a'] });
    const path = '/api/model-definitions/race';
    const both = await Promise.all(
      ['mock/b', 'mock/c'].map((target) =>
        admin('PATCH', path, { targets: [target] }, { 'if-match': '"1"' }),
      ),
    );
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(both.map(codeOf)).toContain('version_conflict');
    const again = await admin('POST', '/api/model-definitions', { id: 'race', targets: ['mock/a'] });
    expect([again.status, codeOf(again)]).toEqual([409, 'entity_exists']);
    const late = await admin('DELETE', `${path}?version=1`);
    expect([late.status, codeOf(late)]).toEqual([409, 'version_conflict']);
    await remove(path);
    expect((await admin('GET', path)).status).toBe(404);
  });

  it('are listed in pages, by search, source and provider', async () => {
    for (const name of ['l-1', 'l-2', 'l-3'])
      await make('/api/model-definitions', { id: name, targets: ['mock/a'] });
    const names: unknown[] = [];
    for (let cursor = ''; ; ) {
      const { body } = await admin('GET', `/api/model-definitions?limit=1&search=L-${cursor}`);
      names.push(...(body['data'] as { id: string }[]).map(({ id }) => id));
      if (body['next_cursor'] === null) break;
      cursor = `&cursor=${body['next_cursor']}`;
    }
    expect(names).toEqual(['l-1', 'l-2', 'l-3']);
    const idsOf = async (query: string) =>
      ((await admin('GET', `/api/model-definitions?${query}`)).body['data'] as { id: string }[]).map(
        ({ id }) => id,
      );
    expect(await idsOf('provider=filed')).toEqual(['of-the-file']);
    expect(await idsOf('source=file')).toEqual(['of-the-file']);
    expect(await idsOf('in_force=false')).toEqual([]);
    expect((await admin('GET', '/api/model-definitions?nonsense=1')).status).toBe(400);
    for (const name of ['l-1', 'l-2', 'l-3']) await remove(`/api/model-definitions/${name}`);
  });
});

it('whatever is sent is taken or refused, and nothing else', async () => {
  const names = [
    'keys',
    'headers',
    'base_url',
    'extends',
    'targets',
    'use',
    'config',
    'formats',
    'variables',
  ];
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.array(fc.record({ value: fc.jsonValue(), name: fc.jsonValue() }), { maxLength: 2 }),
    fc.constantFrom('openai', 'mock/a', `\${${'{'}`, '***', 'sk-…WXYZ', 'x'.repeat(2_000), '\0', '__proto__'),
  );
  const body = fc.dictionary(fc.constantFrom(...names, '__proto__', 'version'), value, {
    maxKeys: 5,
    noNullPrototype: true,
  });
  const paths = ['providers', 'model-definitions', 'prices', 'plugins'];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...paths),
      fc.oneof(fc.constant('fuzz/x'), fc.constant('fuzz'), value),
      body,
      async (path, id, fields) => {
        const told = await admin('POST', `/api/${path}`, { id, ...fields });
        expect([201, 400, 409]).toContain(told.status);
        if (told.status !== 201) return;
        const made = `/api/${path}/${encodeURIComponent(String(told.body['id']))}`;
        expect((await admin('PUT', made, fields)).status).toBe(200);
        await remove(made);
      },
    ),
    {
      numRuns: 120,
      // It was looked for among what every object has, and found.
      examples: [
        ['plugins', 'fuzz', { use: '__proto__' }],
        ['plugins', 'fuzz', { use: 'constructor' }],
      ],
    },
  );
});

describe('prices and plugins', () => {
  it('count at once', async () => {
    await make('/api/prices', { id: 'mock/dear', input_per_million_usd: 1000, output_per_million_usd: 1000 });
    const before = Number((await chat('mock/dear')).headers.get('x-headgate-cost-usd'));
    expect(before).toBeGreaterThan(0);
    await admin('PATCH', `/api/prices/${encodeURIComponent('mock/dear')}`, {
      input_per_million_usd: 0,
      output_per_million_usd: 0,
    });
    expect(Number((await chat('mock/dear')).headers.get('x-headgate-cost-usd'))).toBe(0);
    await remove(`/api/prices/${encodeURIComponent('mock/dear')}`);
    const made = await make('/api/plugins', { use: 'rate-limit', order: 5 });
    expect(made).toMatchObject({ id: 'rate-limit', use: 'rate-limit', order: 5, in_force: true });
    await remove('/api/plugins/rate-limit');
  });

  it('settings that are called like secrets are kept like secrets', async () => {
    const token = 'tok_0123456789abcdefghij';
    const made = await make('/api/plugins', { id: 'mine', use: 'test/guard', config: { api_token: token } });
    expect(made['config']).toEqual({ api_token: 'tok…ghij' });
    expect(seen).toContain(token);
    const changed = await admin('PATCH', '/api/plugins/mine', {
      config: { api_token: 'tok…ghij', mode: 'quiet' },
    });
    expect(changed.body).toMatchObject({ version: 2, config: { api_token: 'tok…ghij', mode: 'quiet' } });
    const broken = await admin('PATCH', '/api/plugins/mine', {
      config: { api_token: 'tok…ghij', mode: 'breaks' },
    });
    expect([broken.status, messageOf(broken)]).toEqual([
      400,
      expect.stringContaining('does not feel like it'),
    ]);
    expect((await admin('GET', '/api/audit?kind=plugin')).text).not.toContain(token);
    await remove('/api/plugins/mine');
  });
});

describe('what the environment and the machine have', () => {
  it('is named by the store only where the file allows it', async () => {
    const refused = await admin(
      'POST',
      '/api/providers',
      provider('env', { keys: [{ value: reference('OPENAI_API_KEY') }] }),
    );
    expect(messageOf(refused)).toContain('the store may not name the environment variable OPENAI_API_KEY');
    const url = await admin(
      'POST',
      '/api/providers',
      provider('env', { base_url: `http://x/${reference('HOME')}` }),
    );
    expect(messageOf(url)).toContain('the store may not name the environment variable HOME');
    const made = await make(
      '/api/providers',
      provider('env', { keys: [{ value: reference('ALLOWED_KEY') }] }),
    );
    expect(made['keys']).toEqual([{ value: reference('ALLOWED_KEY') }]);
    await chat('env/gpt-4o');
    expect(fake.received.at(-1)?.key).toBe('sk-of-the-environment-0123456789');
    await remove('/api/providers/env');
  });

  /** The story: `openai` with another address and no keys would have sent OPENAI_API_KEY there. */
  it('is not sent to an address that the store gives', async () => {
    await make('/api/providers', { id: 'openai', base_url: `${fake.url}/v1` });
    await chat('openai/gpt-4o');
    expect(fake.received.map(({ key }) => key)).not.toContain('sk-openai-of-the-env-0123456789');
    await remove('/api/providers/openai');
    for (const [body, words] of [
      [
        { id: 'v', extends: 'vertex', base_url: 'https://evil.example', variables: { project: 'p' } },
        'has no keys',
      ],
      [
        { id: 'v', extends: 'vertex', variables: { project: 'p' }, keys: [{ value: '/etc/passwd' }] },
        'leads to credentials of this machine',
      ],
      [
        {
          id: 'v',
          extends: 'vertex',
          variables: { project: 'p' },
          keys: [
            {
              value: JSON.stringify({ type: 'external_account', credential_source: { file: '/etc/passwd' } }),
            },
          ],
        },
        'leads to credentials of this machine',
      ],
      [
        { id: 'v', extends: 'bedrock', keys: [{ value: 'profile:default' }] },
        'leads to credentials of this machine',
      ],
      [
        provider('v', { base_url: 'http://169.254.169.254/latest' }),
        'serves the credentials of this machine',
      ],
      [
        provider('v', { base_url: 'http://[::ffff:169.254.169.254]/' }),
        'serves the credentials of this machine',
      ],
      [
        provider('v', { base_url: 'http://metadata.google.internal./x' }),
        'serves the credentials of this machine',
      ],
    ] as const) {
      const told = await admin('POST', '/api/providers', body);
      expect([body, told.status]).toEqual([body, 400]);
      expect(messageOf(told)).toContain(words);
    }
  });
});

describe('who may', () => {
  const tokenOf = async (role: string) => {
    const made = await admin('POST', '/api/service-tokens', { name: role, roles: [{ role }] });
    expect(made.status).toBe(201);
    return adminOf(gateway, String(made.body['secret']));
  };

  it('read and change them is a matter of roles', async () => {
    const [viewer, another] = [await tokenOf('viewer'), await tokenOf('admin')];
    expect((await viewer('GET', '/api/providers/filed')).status).toBe(200);
    for (const [method, path, body] of [
      ['POST', '/api/providers', provider('not-theirs')],
      ['PATCH', '/api/providers/filed', {}],
      ['DELETE', '/api/plugins/x', undefined],
      ['GET', '/api/export', undefined],
      ['POST', '/api/import', {}],
    ] as const) {
      const told = await viewer(method, path, body);
      expect([path, told.status, codeOf(told)]).toEqual([path, 403, 'permission_missing']);
    }
    expect(
      (await another('POST', '/api/model-definitions', { id: 'theirs', targets: ['mock/a'] })).status,
    ).toBe(201);
    const audit = await admin('GET', '/api/audit?kind=model&id=theirs');
    expect(audit.body['data']).toEqual([
      expect.objectContaining({ actor: expect.stringMatching(/^token:svc_/) }),
    ]);
    await remove('/api/model-definitions/theirs');
  });

  /** The story: what nobody may do one by one was done by an import, which asked nobody. */
  it('an import gives nobody a role above that of whoever imports', async () => {
    const another = await tokenOf('admin');
    const told = await another('POST', '/api/import', {
      models: { 'with-it': { targets: ['mock/a'] } },
      users: { eve: { roles: [{ role: 'owner' }] } },
    });
    expect([told.status, codeOf(told)]).toEqual([403, 'role_above_own']);
    expect((await admin('GET', '/api/users/eve')).status).toBe(404);
    expect((await admin('GET', '/api/model-definitions/with-it')).status).toBe(404);
  });
});
