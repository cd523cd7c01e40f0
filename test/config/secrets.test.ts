// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the syntax of the configuration file
import { format, inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { type LoadedConfig, loadConfig } from '../../core/config/load.js';
import { printConfig } from '../../core/config/print.js';
import { ConfigError } from '../../core/config/problem.js';
import { Secret } from '../../core/config/secret.js';
import { packConfig, unpackConfig } from '../../core/config/transfer.js';
import { loadText, refusal } from './load-text.js';

/** Occurs in every secret of these tests and nowhere else. */
const CANARY = 'c4n4ry';
const secret = (name: string): string => `${name}-${CANARY}-0123456789`;

const TEXT = [
  'admin: { token: "${ADMIN}" }',
  'providers:',
  `  openai: { keys: [{ value: "\${PLAIN}", name: main }], headers: { X-Team: ${secret('header')} } }`,
  `  groq: { keys: [{ value: ${secret('literal')} }] }`,
  '  local: { extends: openai, base_url: "https://proxy.example/${PROXY_TOKEN}/v1" }',
  `keys: [{ name: ci, value: ${secret('virtual')}, models: [nothing-like-it] }]`,
  'plugins: [{ use: x, config: { api_key: "${PLAIN}", list: ["${PLAIN}"], mode: loud } }]',
].join('\n');
const ENV = { ADMIN: secret('admin'), PLAIN: secret('plain'), PROXY_TOKEN: secret('proxy') };

const loaded = (): LoadedConfig => loadText(TEXT, { env: ENV });

describe('Secret', () => {
  const value = new Secret(secret('x'));

  it('shows itself as *** in every ordinary way of printing', () => {
    expect([`${value}`, String(value), value.toString(), [value].join(), JSON.stringify({ value })]).toEqual([
      '***',
      '***',
      '***',
      '***',
      '{"value":"***"}',
    ]);
    for (const text of [inspect(value, { showHidden: true }), format('%s %o %j', value, value, value)]) {
      expect(text).not.toContain(CANARY);
    }
    expect(Object.getOwnPropertyNames(value)).toEqual([]);
    expect(value.reveal()).toBe(secret('x'));
  });
});

describe('a loaded configuration', () => {
  it('prints, inspects and serialises without a secret', () => {
    const { config } = loaded();
    const whole = {
      ...config,
      providers: [...config.providers],
      headers: [...config.providers.values()].map((p) => [...p.headers]),
    };
    // A token in the path of a base URL is for the hide function: the URL itself is needed as text.
    const texts = [JSON.stringify(whole), inspect(whole, { depth: 20, showHidden: true })];
    for (const text of texts) expect(loaded().hide(text)).not.toContain(CANARY);
    for (const name of ['header', 'literal', 'virtual', 'admin', 'plain']) {
      for (const text of texts) expect(text).not.toContain(secret(name));
    }
  });

  it('is printed by check without a secret, even one within a URL', () => {
    const text = printConfig(loaded());
    expect(text).not.toContain(CANARY);
    expect(text).toContain('local  https://proxy.example/***/v1, extends openai, no key');
    expect(text).toContain('config {"api_key":"***","list":["***"],"mode":"loud"}');
  });

  it('gives plugins their settings with the secrets in them', () => {
    expect(loaded().config.plugins[0]?.config.reveal()).toEqual({
      api_key: ENV.PLAIN,
      list: [ENV.PLAIN],
      mode: 'loud',
    });
  });

  it('survives the way to another thread, secrets included and still hidden', () => {
    const { config } = loaded();
    const copy = unpackConfig(structuredClone(packConfig(config)));
    expect(copy).toEqual(config);
    expect(copy.admin.token?.reveal()).toBe(ENV.ADMIN);
    expect(copy.providers.get('openai')?.headers.get('x-team')?.reveal()).toBe(secret('header'));
    expect(copy.plugins[0]?.config.reveal()).toEqual(config.plugins[0]?.config.reveal());
    expect(JSON.stringify(copy.plugins)).toBe(JSON.stringify(config.plugins));
    expect(String(copy.keys[0]?.value)).toBe('***');
  });
});

describe('error messages', () => {
  const everything = (error: ConfigError): string =>
    `${error.message} ${error.stack} ${JSON.stringify(error.problems)} ${inspect(error, { depth: 10 })}`;
  const key = secret('sk');

  it.each([
    ['keys as a list of texts', `providers: { openai: { keys: [${key}] } }`],
    ['keys as one text', `providers: { openai: { keys: ${key} } }`],
    ['a key instead of a provider', `providers: { openai: ${key} }`],
    ['a key under an unknown name', `providers: { openai: { api_key: ${key}, keyz: [${key}] } }`],
    ['a virtual key with a space', `keys: [{ name: a, value: "${key} x" }]`],
    ['a virtual key as list item', `keys: [${key}]`],
    ['a token instead of admin', `admin: ${key}`],
    ['a token with a line break', `admin: { token: "${key}\\n" }`],
    ['a header that is a list', `providers: { openai: { headers: { Authorization: [${key}] } } }`],
    ['a PEM instead of its path', `server: { tls: { cert: ${key} } }`],
    ['a password in a base URL', `providers: { openai: { base_url: "https://u:\${SECRET}@h/v1" } }`],
    ['a password in a store URL', `store: { url: "postgres://u:${key}@h:port/db" }`],
    ['a password in another store URL', `store: { url: "mysql://u:${key}@h/db" }`],
    ['a plugin setting', `plugins: [{ use: x, config: ${key} }]`],
    [
      'a variable in the wrong place',
      'server: { port: "${SECRET}", host: "${SECRET} x", body_limit: "${SECRET}" }',
    ],
    [
      'a variable as strategy',
      'models: { m: { strategy: "${SECRET}", targets: ["${SECRET}", "${SECRET}/x"] } }',
    ],
    ['a variable as host', 'server: { host: "${SECRET}" }'],
    [
      'a variable as path',
      'plugins: [{ use: "./${SECRET}" }]\nserver: { tls: { cert: "${SECRET}", key: "${SECRET}" } }',
    ],
    ['a syntax error beside it', `admin: { token: "x" ${key} }`],
    ['a block scalar header', `admin:\n  token: |${key}\n    x\n`],
    ['an alias', `admin: { token: *${key} }`],
    ['a tag', `admin: { token: !${key} }`],
  ])('never quote a secret: %s', (_, text) => {
    expect(everything(refusal(text, { env: { SECRET: key } }))).not.toContain(CANARY);
  });

  it('never quote a token of the environment', () => {
    expect(everything(refusal('', { env: { HEADGATE_ADMIN_TOKEN: `${key} x` } }))).not.toContain(CANARY);
  });

  it('are all of one class', () => {
    expect(() => loadConfig({ file: '/nowhere/x.yaml', env: {}, rows: [] })).toThrow(ConfigError);
  });
});
