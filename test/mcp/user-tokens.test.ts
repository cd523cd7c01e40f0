import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ENTITY_APIS } from '../../dist/core/admin/entity-kinds.js';
import { Governance } from '../../dist/core/admin/governance.js';
import { McpVault } from '../../dist/core/admin/mcp-vault.js';
import { loadConfig } from '../../dist/core/config/load.js';
import type { OauthUsersConfig } from '../../dist/core/config/mcp-auth-config.js';
import { Secret } from '../../dist/core/config/secret.js';
import { LiveConfig } from '../../dist/core/live-config.js';
import type { Grant } from '../../dist/core/mcp/hub/auth/grant.js';
import type { PlainFetch } from '../../dist/core/mcp/hub/auth/signed-fetch.js';
import { userTokens } from '../../dist/core/mcp/hub/auth/user-tokens.js';
import type { LayeredConfig } from '../../dist/core/plugin/load-config.js';
import { noPostgres, type RealPostgres, startPostgres } from '../store/real-postgres.js';

const AUTHOR = { actor: 'admin', source: '' };
const URL_OF_IT = 'https://notes.example.com/mcp';
const AUTH: OauthUsersConfig = {
  kind: 'oauth',
  per: 'user',
  users: { connections: 10, idleMs: 60_000 },
  clientId: 'gateway',
  clientSecret: null,
  issuer: null,
  tokenUrl: null,
  scopes: null,
  resource: null,
  audience: null,
};
const place = { server: 'notes', owner: 'user:ada', what: 'grant' } as const;
const grant = (expiresAt: number, url = URL_OF_IT): Grant => ({
  url,
  place: {
    issuer: 'https://login.example.com',
    metadata: {
      issuer: 'https://login.example.com',
      authorization_endpoint: 'https://login.example.com/authorize',
      token_endpoint: 'https://login.example.com/token',
      response_types_supported: ['code'],
    },
    revocation: null,
    resource: URL_OF_IT,
    scope: null,
  },
  client: null,
  tokens: {
    access_token: 'the-first-access-token',
    token_type: 'Bearer',
    refresh_token: 'the-first-refresh-token',
  },
  expiresAt,
});

/** An authorization server whose refresh tokens are good once. */
function loginServer() {
  const asked: URLSearchParams[] = [];
  let next = 'the-first-refresh-token';
  const fetch: PlainFetch = async (_url, init) => {
    const form = new URLSearchParams(String(init?.body));
    asked.push(form);
    await new Promise((resolve) => setTimeout(resolve, 50));
    if (form.get('refresh_token') !== next) return Response.json({ error: 'invalid_grant' }, { status: 400 });
    next = `refresh-token-${asked.length + 1}`;
    const tokens = {
      access_token: `access-token-${asked.length + 1}`,
      token_type: 'Bearer',
      refresh_token: next,
    };
    return Response.json({ ...tokens, expires_in: 3600 });
  };
  return { fetch, asked };
}

describe.each(['SQLite', 'Postgres'])('tokens of users on %s', (kind) => {
  const encryptionKey = randomBytes(32).toString('base64');
  let postgres: RealPostgres | null = null;
  let folder = '';
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'headgate-tokens-'));
    if (kind === 'Postgres' && noPostgres === null) postgres = await startPostgres();
  });
  afterAll(async () => {
    await postgres?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const database = async (): Promise<string> =>
    postgres === null
      ? `sqlite:${join(folder, `${randomBytes(4).toString('hex')}.db`)}`
      : postgres.database();

  /** One node. */
  const node = (url: string, key: string | null = encryptionKey) => {
    const admin = key === null ? {} : { encryption_key: key };
    const loaded = loadConfig({ data: { store: { url }, admin }, env: {}, rows: [] });
    const layered: LayeredConfig = { ...loaded, with: async () => layered };
    const heard: string[] = [];
    const governance = new Governance({
      live: new LiveConfig(layered, { prepare: async () => {}, commit: async () => {} }, () => {}),
      secret: 'a-server-secret-for-tests-0123456789',
      push: async () => {},
      onRules: async () => {},
      onCredential: (server, owner) => void heard.push(`${server} ${owner}`),
      log: () => {},
    });
    onTestFinished(() => governance.close());
    return { governance, heard, vault: new McpVault(governance, () => loaded.config) };
  };
  const tokensAt = (vault: McpVault, fetch: PlainFetch, auth: OauthUsersConfig = AUTH) =>
    userTokens(
      {
        server: 'notes',
        url: URL_OF_IT,
        owner: 'user:ada',
        fetch,
        vault,
        signInPath: (scope) => `/sign-in?${scope}`,
      },
      auth,
    );
  const shown = async (credentials: ReturnType<typeof userTokens>): Promise<string | null> => {
    const request = { method: 'POST', url: new URL(URL_OF_IT), headers: new Headers(), body: '{}' };
    await credentials.sign(request);
    return request.headers.get('authorization');
  };
  const mine = it.skipIf(kind === 'Postgres' && noPostgres !== null);

  mine('are renewed by one node for all, before they end', async () => {
    const url = await database();
    // SQLite has one process, and what runs in it beside each other.
    const one = node(url);
    const two = kind === 'SQLite' ? one : node(url);
    const { fetch, asked } = loginServer();
    await one.vault.set(place, grant(Date.now() + 1000), AUTHOR);
    const all = [tokensAt(one.vault, fetch), tokensAt(two.vault, fetch), tokensAt(two.vault, fetch)];
    expect(await Promise.all(all.map(shown))).toEqual(Array(3).fill('Bearer access-token-2'));
    expect(asked.map((form) => Object.fromEntries(form))).toEqual([
      {
        grant_type: 'refresh_token',
        refresh_token: 'the-first-refresh-token',
        client_id: 'gateway',
        resource: URL_OF_IT,
      },
    ]);
    expect((await one.vault.read(place))?.value).toMatchObject({
      tokens: { refresh_token: 'refresh-token-2' },
    });
  });

  mine('that are good are used as they are, by a node that has just started', async () => {
    const { vault } = node(await database());
    const { fetch, asked } = loginServer();
    await vault.set(place, grant(Date.now() + 3_600_000), AUTHOR);
    expect(await shown(tokensAt(vault, fetch))).toBe('Bearer the-first-access-token');
    expect(asked).toEqual([]);
  });

  // Whoever had put another authorization server into the configuration, with the secret that is for it, sent that secret to the last one with the
  // next renewal.
  mine('of another authorization server than the configuration has by now are not renewed', async () => {
    const { vault } = node(await database());
    const { fetch, asked } = loginServer();
    await vault.set(place, grant(Date.now() + 1000), AUTHOR);
    const moved = {
      ...AUTH,
      clientSecret: new Secret('the-secret-for-the-next-one'),
      issuer: 'https://id.example.com',
    };
    await expect(tokensAt(vault, fetch, moved).ready()).rejects.toMatchObject({
      refusal: { code: 'mcp_authorization_required' },
    });
    expect(asked).toEqual([]);
    const same = { ...moved, issuer: 'https://login.example.com/' };
    expect(await shown(tokensAt(vault, fetch, same))).toBe('Bearer access-token-2');
  });

  mine('that cannot be renewed any more are forgotten, and the user asked', async () => {
    const { vault } = node(await database());
    await vault.set(place, grant(0), AUTHOR);
    const refuse: PlainFetch = async () => Response.json({ error: 'invalid_grant' }, { status: 400 });
    await expect(tokensAt(vault, refuse).ready()).rejects.toMatchObject({
      refusal: { code: 'mcp_authorization_required', details: { who: 'user "ada"', path: '/sign-in?' } },
    });
    expect(await vault.read(place)).toBe(null);
  });

  mine('stay when the authorization server is away, and are renewed later', async () => {
    const { vault } = node(await database());
    await vault.set(place, grant(0), AUTHOR);
    const { fetch } = loginServer();
    let away = true;
    const tokens = tokensAt(vault, (to, init) =>
      away ? Promise.reject(new Error('the-first-refresh-token is lost')) : fetch(to, init),
    );
    await expect(tokens.ready()).rejects.toMatchObject({
      refusal: { code: 'mcp_server_unavailable', details: { why: 'there is no token for it: *** is lost' } },
    });
    away = false;
    await expect
      .poll(() => shown(tokens).catch(() => null), { timeout: 20_000 })
      .toBe('Bearer access-token-2');
  });

  mine('of another address are not shown', async () => {
    const { vault } = node(await database());
    await vault.set(place, grant(Date.now() + 3_600_000, 'https://thief.example.com/mcp'), AUTHOR);
    await expect(tokensAt(vault, loginServer().fetch).ready()).rejects.toMatchObject({
      refusal: { code: 'mcp_authorization_required' },
    });
  });

  mine('are sealed for their place, and need a key', async () => {
    const url = await database();
    const { vault, governance } = node(url);
    await vault.set(place, grant(0), AUTHOR);
    const { credentials } = (await governance.open()).store;
    const [row] = await credentials.list({});
    expect(JSON.stringify(row)).not.toContain('the-first');
    // Put in somebody else's place, it opens for nobody.
    await credentials.put({ ...place, owner: 'user:eve' }, row?.sealed ?? '', 1);
    await expect(vault.read({ ...place, owner: 'user:eve' })).rejects.toThrow('sealed for another place');
    const keyless = new McpVault(governance, () => node(url, null).vault['config']());
    await expect(keyless.set(place, grant(0), AUTHOR)).rejects.toThrow('set HEADGATE_ENCRYPTION_KEY');
    await expect(keyless.read(place)).rejects.toThrow('HEADGATE_ENCRYPTION_KEY is not set');
  });

  mine('go with their user, and other nodes hear of each change', async () => {
    const url = await database();
    const one = node(url);
    const two = kind === 'SQLite' ? one : node(url);
    await two.governance.open();
    const { entities } = await one.governance.open();
    const users = ENTITY_APIS.find((api) => api.kind === 'user')!;
    await entities.create(users, { id: 'ada' }, AUTHOR);
    await one.vault.set(place, grant(0), AUTHOR);
    await expect.poll(() => two.heard, { timeout: 20_000 }).toContain('notes user:ada');
    await entities.remove(users, 'ada', undefined, AUTHOR);
    expect(await one.vault.list({})).toEqual([]);
    await expect.poll(() => two.heard, { timeout: 20_000 }).toContain('null user:ada');
  });

  mine('wait for a browser once, and not for ever', async () => {
    const { vault } = node(await database());
    await vault.pend('a-state', { a: 1 }, 60_000);
    await vault.pend('late', { b: 2 }, 0);
    expect(await vault.takePending('late')).toBe(null);
    expect(await Promise.all(['a-state', 'a-state'].map((state) => vault.takePending(state)))).toEqual(
      expect.arrayContaining([{ a: 1 }, null]),
    );
    expect(await vault.takePending('another')).toBe(null);
  });

  mine('are put under a new key with all that is sealed', async () => {
    const url = await database();
    const old = node(url);
    await old.vault.set(place, grant(7), AUTHOR);
    const fresh = randomBytes(32).toString('base64');
    const both = node(url, `${fresh},${encryptionKey}`);
    expect(await (await both.governance.open()).definitions.reseal(AUTHOR)).toBe(1);
    expect(await (await both.governance.open()).definitions.reseal(AUTHOR)).toBe(0);
    expect((await node(url, fresh).vault.read(place))?.value).toMatchObject({ expiresAt: 7 });
  });
});
