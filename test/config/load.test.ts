// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the syntax of the configuration file
import { describe, expect, it } from 'vitest';
import { formatPath } from '../../core/config/path.js';
import { EXAMPLE, EXAMPLE_ENV } from './example.js';
import { loadText, refusalLines, warningLines } from './load-text.js';

describe('a complete file', () => {
  const { config, warnings } = loadText(EXAMPLE, { env: EXAMPLE_ENV });

  it('resolves server settings with sizes in bytes', () => {
    expect(config.server).toEqual({
      host: '127.0.0.1',
      port: 8080,
      threads: 'auto',
      bodyLimitBytes: 50 * 1024 * 1024,
      uploadLimitBytes: 900 * 1024 * 1024,
      maxInFlight: 10_000,
      maxHeaders: 48,
      maxHeaderBytes: 16 * 1024,
      drainTimeoutMs: 30_000,
      fetchAllow: [],
      tls: null,
    });
    expect(warnings).toEqual([]);
  });

  it('takes targets apart and gives each its time limits in milliseconds', () => {
    const support = config.models.get('support');
    const timeouts = { connectMs: 2000, firstByteMs: 20_000, idleMs: 30_000, totalMs: 600_000 };
    expect(support?.targets).toEqual([
      { provider: 'openai', model: 'gpt-4o', weight: 1, timeouts },
      { provider: 'anthropic', model: 'claude-sonnet-4-5', weight: 1, timeouts },
    ]);
    expect(support?.strategy).toBe('fallback');
    expect(support?.retries.statuses).toEqual(
      new Set([429, ...Array.from({ length: 100 }, (_, i) => 500 + i)]),
    );
    expect(support?.retries).toMatchObject({
      attempts: 2,
      onTimeout: true,
      onConnection: true,
      backoffInitialMs: 250,
    });
  });

  it('reveals secrets only when asked', () => {
    expect(config.admin.token?.reveal()).toBe(EXAMPLE_ENV.HEADGATE_ADMIN_TOKEN);
    expect(config.providers.get('openai')?.keys[0]?.value.reveal()).toBe(EXAMPLE_ENV.OPENAI_API_KEY);
    expect(config.keys[0]?.value?.reveal()).toBe(EXAMPLE_ENV.CI_KEY);
  });

  it('counts budgets in nano-dollars', () => {
    expect(config.keys[0]).toMatchObject({
      name: 'ci',
      models: ['*'],
      link: {
        budgets: [
          { capNanos: 10_000_000_000, per: 'month', window: 'calendar', timeZone: 'UTC', hard: true },
        ],
        limits: [
          { of: 'requests', max: 600, per: 'minute' },
          { of: 'total_tokens', max: 200_000, per: 'minute' },
        ],
      },
      access: { expiresMs: null },
      metadata: { customer: null, tags: [] },
    });
  });

  it('puts the data folder beside the database', () => {
    expect(config.store).toEqual({ kind: 'sqlite', path: `${config.dataDir}/headgate.db` });
    expect(config.dataDir.endsWith('/data')).toBe(true);
  });

  it('names where each key came from', () => {
    expect(config.providers.get('openai')?.keys[0]?.source).toBe('file, ${OPENAI_API_KEY}');
    expect(config.providers.get('local')?.keys[0]?.source).toBe('file');
  });

  it('locates values for problems that are found later', () => {
    const { locator } = loadText(EXAMPLE, { env: EXAMPLE_ENV });
    expect(locator.locate(['plugins', 0, 'config', 'action'], 'value')).toEqual({ line: 18, column: 46 });
    expect(locator.locate(['plugins', 0, 'config', 'missing'], 'value')).toEqual({ line: 18, column: 28 });
  });
});

describe('no file', () => {
  it('has defaults, the built-in provider and no authentication', () => {
    const { config, file } = loadText(null);
    expect(file).toBeNull();
    expect([...config.providers.keys()]).toEqual(['mock']);
    expect(config.providers.get('mock')).toMatchObject({ baseUrl: null, origin: 'built-in', keys: [] });
    expect(config.auth).toEqual({ required: false, from: 'default', jwt: [] });
    expect(config.server.port).toBe(8080);
    expect(config.dataDir.endsWith('/data')).toBe(true);
  });

  it('enables every provider whose variable is set, with the first variable found', () => {
    const env = { OPENAI_API_KEY: ' sk-1\n', GEMINI_API_KEY: '', GOOGLE_API_KEY: 'g-1' };
    const { config } = loadText(null, { env });
    expect([...config.providers.keys()].toSorted()).toEqual(['gemini', 'mock', 'openai']);
    expect(config.providers.get('gemini')?.keys[0]?.source).toBe('env GOOGLE_API_KEY');
    expect(config.providers.get('openai')?.keys[0]?.value.reveal()).toBe('sk-1');
  });

  it('fails when a named file does not exist', () => {
    expect(refusalLines(null, { env: { HEADGATE_CONFIG: 'nowhere.yaml' } })).toEqual([
      'nowhere.yaml  no such file',
    ]);
  });
});

describe('virtual keys', () => {
  const key = (more: string): string => `keys:\n  - { name: a, value: hg-0123456789abcdef${more} }\n`;

  it('turn authentication on, unless the file says otherwise', () => {
    expect(loadText(key('')).config.auth).toEqual({ required: true, from: 'keys', jwt: [] });
    expect(loadText(`auth: { required: false }\n${key('')}`).config.auth).toEqual({
      required: false,
      from: 'setting',
      jwt: [],
    });
  });

  it('warns about a rotation that a key of the file cannot have, which an export of the store may say', () => {
    const text = 'keys: [{ name: a, value: hg-0123456789abcdef, rotate: { every: 90d } }]';
    expect(warningLines(text)).toEqual([
      expect.stringContaining(
        'keys[0].rotate: does nothing here: the gateway rotates keys of the store alone',
      ),
    ]);
  });

  it('reads expiry dates and warns about past ones', () => {
    const text = key(', expires: 2026-12-31');
    const now = Date.UTC(2026, 0, 1);
    expect(loadText(text, { now }).config.keys[0]?.access.expiresMs).toBe(Date.UTC(2026, 11, 31));
    expect(loadText(text, { now }).warnings).toEqual([]);
    expect(warningLines(text, { now: Date.UTC(2027, 0, 1) })).toEqual([
      'headgate.yaml:2:53  keys[0].expires: is in the past (the key is refused)',
    ]);
  });

  it('refuses repeated names and values without showing the value', () => {
    const text = [
      'admin: { token: hg-0123456789abcdef }',
      'keys:',
      '  - { name: a, value: hg-0123456789abcdef }',
      '  - { name: a, value: hg-0123456789abcdef }',
    ].join('\n');
    const lines = refusalLines(text);
    expect(lines).toEqual([
      'headgate.yaml:3:23  keys[0].value: the same value as the admin token (clients would be administrators)',
      'headgate.yaml:4:13  keys[1].name: the same name as keys[0] (names must be unique)',
      'headgate.yaml:4:23  keys[1].value: the same value as keys[0] (values must be unique)',
      'headgate.yaml:4:23  keys[1].value: the same value as the admin token (clients would be administrators)',
    ]);
  });

  it('warns about a short value and about models that match nothing', () => {
    const text =
      'models: { support: { targets: [mock/a] } }\nkeys: [{ name: a, value: short, models: [suport, mock/x, "gpt-*"] }]\n';
    expect(warningLines(text)).toEqual([
      'headgate.yaml:2:26  keys[0].value: shorter than 16 characters (it could be guessed)',
      'headgate.yaml:2:42  keys[0].models[0]: matches no model or provider, found "suport", did you mean "support"?',
    ]);
  });
});

describe('settings outside the file', () => {
  const file = 'server: { host: localhost, port: 1000 }\nobservability: { log_level: warn }\n';
  const env = {
    HEADGATE_PORT: '2000',
    HEADGATE_LOG_LEVEL: 'debug',
    HEADGATE_HOST: '',
    HEADGATE_THREADS: '2',
  };

  it('let a flag go before a variable before the file', () => {
    expect(loadText(file).config.server.port).toBe(1000);
    expect(loadText(file, { env }).config.server).toMatchObject({
      port: 2000,
      host: 'localhost',
      threads: 2,
    });
    const { config } = loadText(file, {
      env,
      overrides: { port: '3000', threads: 'auto', logLevel: 'error' },
    });
    expect(config.server).toMatchObject({ port: 3000, threads: 'auto' });
    expect(config.observability.logLevel).toBe('error');
  });

  it('are checked like the file, with the name of the flag or variable', () => {
    const wrong = { HEADGATE_PORT: '99999', HEADGATE_LOG_LEVEL: 'wran', HEADGATE_ADMIN_TOKEN: 'two words' };
    expect(refusalLines(file, { env: wrong, overrides: { threads: 'lots' } })).toEqual([
      'HEADGATE_PORT: expected a port from 0 to 65535, found "99999"',
      '--threads: expected "auto" or a whole number from 1 to 256, found "lots"',
      'HEADGATE_ADMIN_TOKEN: expected a token of visible characters without spaces, found something else',
      'HEADGATE_LOG_LEVEL: expected "trace", "debug", "info", "warn", "error", "fatal" or "silent", found "wran", did you mean "warn"?',
    ]);
  });

  it('read a token of digits as text and authentication as true or false', () => {
    const { config } = loadText('', {
      env: { HEADGATE_ADMIN_TOKEN: '1234567890123456', HEADGATE_AUTH_REQUIRED: 'true' },
    });
    expect(config.admin.token?.reveal()).toBe('1234567890123456');
    expect(config.auth).toEqual({ required: true, from: 'setting', jwt: [] });
  });

  it('put the data where --data says', () => {
    expect(loadText('', { overrides: { dataDir: '/srv/hg' } }).config).toMatchObject({
      dataDir: '/srv/hg',
      store: { kind: 'sqlite', path: '/srv/hg/headgate.db' },
    });
    expect(loadText('store: { url: "sqlite:/db/x.db" }').config).toMatchObject({
      dataDir: '/db',
      store: { path: '/db/x.db' },
    });
    expect(loadText('store: { url: "sqlite::memory:" }').config.store).toMatchObject({ path: ':memory:' });
  });
});

describe('binding', () => {
  it.each(['0.0.0.0', '::', '10.0.0.1', 'gateway.internal'])('to %s needs an admin credential', (host) => {
    expect(refusalLines(`server:\n  host: "${host}"\n`)).toEqual([
      `headgate.yaml:2:9  server.host: bound to ${host} without an admin credential: set admin.token, HEADGATE_ADMIN_TOKEN or admin.oidc, or bind to 127.0.0.1`,
    ]);
    const env = { HEADGATE_ADMIN_TOKEN: 'adm-0123456789abcdef' };
    const { warnings } = loadText(`server: { host: "${host}" }`, { env });
    expect(warnings.map((warning) => warning.message)).toEqual([
      'whoever reaches it can spend your provider keys (add keys, or set auth.required)',
    ]);
  });

  it.each(['127.0.0.1', '127.8.9.1', '::1', '[::1]', 'localhost', '::ffff:127.0.0.1'])(
    'to %s needs nothing',
    (host) => {
      expect(loadText(`server: { host: "${host}" }`).warnings).toEqual([]);
    },
  );

  it('does not trust a name that only begins like a loopback address', () => {
    expect(refusalLines('server: { host: 127.0.0.1.example.com }')).toHaveLength(1);
  });
});

describe('formatPath', () => {
  it('quotes keys that dots would make ambiguous', () => {
    expect(formatPath(['models', 'gpt-4.1', 'targets', 0])).toBe('models["gpt-4.1"].targets[0]');
  });
});
