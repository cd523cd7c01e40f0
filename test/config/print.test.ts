import { describe, expect, it } from 'vitest';
import { printConfig } from '../../core/config/print.js';
import { formatProblems } from '../../core/config/problem.js';
import { EXAMPLE, EXAMPLE_ENV } from './example.js';
import { loadText, refusal } from './load-text.js';

/** The temporary folder differs from run to run. */
const print = (...given: Parameters<typeof loadText>): string => {
  const loaded = loadText(...given);
  const folder = loaded.config.dataDir.replace(/\/data$/, '');
  return printConfig(loaded).replaceAll(folder, '/srv');
};

describe('what check prints', () => {
  it('shows what a complete file resolves to', () => {
    const env = { ...EXAMPLE_ENV, GROQ_API_KEY: 'gsk-1234567890' };
    expect(print(EXAMPLE, { env })).toMatchInlineSnapshot(`
      "headgate.yaml is valid
      server  http://127.0.0.1:8080, threads auto, drains for 30s
      limits  body 50mb, upload 900mb, 48 headers of 16kb, 10000 requests at once in a thread
      admin   token ***
      auth    virtual key required, as set
      data    /srv/data
      fields  those a target has no words for are left out and named in x-headgate-dropped
      prices  0 overrides, models without a price: warn
      store   sqlite:/srv/data/headgate.db
      log     level info, json, requests on
      metrics on
      providers
        openai  https://api.openai.com/v1, 1 key
            key *** from file, \${OPENAI_API_KEY}, weight 1
        anthropic  https://api.anthropic.com, 1 key
            key *** from file, \${ANTHROPIC_API_KEY}, weight 1
        local  http://127.0.0.1:9001/v1, extends openai, 1 key
            key *** from file, weight 1
        groq  https://api.groq.com/openai/v1, 1 key (not in the file: its variable is set)
            key *** from env GROQ_API_KEY, weight 1
        mock  inside this process, no key (built in)
      models
        support  fallback, 2 tries a target, on 429, 5xx, timeout, connection, pausing 250ms to 10s
            openai/gpt-4o; connect 2s, first byte 20s, idle 30s, total 10m
            anthropic/claude-sonnet-4-5; connect 2s, first byte 20s, idle 30s, total 10m
      keys
        ci  ***, models *, 10 USD a month, 600 requests a minute, 200000 tokens a minute
      plugins
        guardrails/pii, config {"action":"redact"}"
    `);
  });

  it('shows what there is without a file', () => {
    expect(print(null, { env: { OPENAI_API_KEY: 'sk-1234567890' } })).toMatchInlineSnapshot(`
      "no configuration file: defaults and environment
      server  http://127.0.0.1:8080, threads auto, drains for 30s
      limits  body 50mb, upload 900mb, 48 headers of 16kb, 10000 requests at once in a thread
      admin   token made at the first start
      auth    virtual key not required, because there are no keys
      data    /srv/data
      fields  those a target has no words for are left out and named in x-headgate-dropped
      prices  0 overrides, models without a price: warn
      store   sqlite:/srv/data/headgate.db
      log     level info, json, requests on
      metrics on
      providers
        openai  https://api.openai.com/v1, 1 key
            key *** from env OPENAI_API_KEY, weight 1
        mock  inside this process, no key (built in)
      models  none
      keys  none
      plugins  none"
    `);
  });

  it('shows weights, limits, plugins and warnings when there are any', () => {
    const text = [
      'server: { host: "::1", port: 9 }',
      'providers: { openai: { keys: [{ value: k1, name: big, weight: 2, models: [gpt-*] }], formats: { openai-chat: /chat } } }',
      'models: { m: { strategy: weighted, targets: [{ target: openai/a, weight: 3 }, mock/b], retries: { attempts: 1, on: [] } } }',
      'keys: [{ name: a, value: short, budget: { usd: 0.5, per: day }, expires: 2999-01-01, metadata: { customer: acme, tags: [x, y] } }]',
      'plugins: [{ use: p, name: q, order: 5, on_failure: open, timeout: 50ms }]',
    ].join('\n');
    expect(print(text)).toMatchInlineSnapshot(`
      "headgate.yaml is valid
      server  http://[::1]:9, threads auto, drains for 30s
      limits  body 50mb, upload 900mb, 48 headers of 16kb, 10000 requests at once in a thread
      admin   token made at the first start
      auth    virtual key required, because there are keys
      data    /srv/data
      fields  those a target has no words for are left out and named in x-headgate-dropped
      prices  0 overrides, models without a price: warn
      store   sqlite:/srv/data/headgate.db
      log     level info, json, requests on
      metrics on
      providers
        openai  https://api.openai.com/v1, 1 key
            key big: *** from file, weight 2, for gpt-*
            formats openai-chat at /chat
        mock  inside this process, no key (built in)
      models
        m  weighted, 1 try a target, on nothing, pausing 250ms to 10s
            openai/a, weight 3; connect 5s, first byte 5m, idle 2m, total 10m
            mock/b, weight 1; connect 5s, first byte 5m, idle 2m, total 10m
      keys
        a  ***, models *, 0.5 USD a day, until 2999-01-01T00:00:00.000Z, customer acme, tags x y
      plugins
        p as q, order 5, fails open, at most 50ms, config {}
      warnings
        headgate.yaml:4:26  keys[0].value: shorter than 16 characters (it could be guessed)"
    `);
  });
});

describe('formatProblems', () => {
  it('writes one line a problem, as compilers do', () => {
    const error = refusal('server: { prot: 1 }\nmodels: { support: { stratgy: x, targets: [mock/a] } }\n', {
      env: { HEADGATE_PORT: 'x' },
    });
    const lines = [
      'headgate.yaml:1:11  server.prot: unknown key, did you mean "port"?',
      'headgate.yaml:2:22  models.support.stratgy: unknown key, did you mean "strategy"?',
      'HEADGATE_PORT: expected a port from 0 to 65535, found "x"',
    ];
    expect(formatProblems(error.problems, error.file).split('\n')).toEqual(lines);
    expect(error.message).toBe(`3 problems in the configuration\n${lines.join('\n')}`);
  });
});
