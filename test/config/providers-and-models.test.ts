import { describe, expect, it } from 'vitest';
import { DEFAULT_RETRIES } from '../../core/config/resolve-models.js';
import { loadText, refusalLines, warningLines } from './load-text.js';

describe('providers', () => {
  it('picks up variables for providers that the file does not list, and the file wins for those it lists', () => {
    const { config } = loadText('providers: { openai: { keys: [{ value: from-file }] } }', {
      env: { OPENAI_API_KEY: 'from-env', GROQ_API_KEY: 'groq-env' },
    });
    expect(config.providers.get('openai')?.keys.map((key) => key.value.reveal())).toEqual(['from-file']);
    expect(config.providers.get('groq')).toMatchObject({ origin: 'env' });
  });

  it('gives a listed provider without keys the one of its variable', () => {
    const { config } = loadText('providers:\n  openai:\n', { env: { OPENAI_API_KEY: 'from-env' } });
    expect(config.providers.get('openai')).toMatchObject({
      origin: 'file',
      baseUrl: 'https://api.openai.com/v1',
    });
    expect(config.providers.get('openai')?.keys[0]?.value.reveal()).toBe('from-env');
  });

  it('never hands keys or headers of one provider to another that extends it', () => {
    const text = [
      'providers:',
      '  openai: { keys: [{ value: sk-real }], headers: { X-Org: secret }, timeouts: { connect: 1s } }',
      '  local: { extends: openai, base_url: "http://127.0.0.1:9001/v1/" }',
    ].join('\n');
    const local = loadText(text, { env: { OPENAI_API_KEY: 'sk-env' } }).config.providers.get('local');
    expect(local?.keys).toEqual([]);
    expect(local?.headers.size).toBe(0);
    expect(local).toMatchObject({ row: 'openai', baseUrl: 'http://127.0.0.1:9001/v1' });
    expect(local?.timeouts.connectMs).toBe(1000);
  });

  it('follows extends through several entries, the nearest value winning', () => {
    const text = [
      'providers:',
      '  a: { extends: b, timeouts: { idle: 3s } }',
      '  b: { extends: openai, base_url: "https://b.example/v1", formats: { openai-chat: /chat }, timeouts: { idle: 9s, total: 1m } }',
    ].join('\n');
    expect(loadText(text).config.providers.get('a')).toMatchObject({
      row: 'openai',
      baseUrl: 'https://b.example/v1',
      formats: { 'openai-chat': '/chat' },
      timeouts: { connectMs: 5000, idleMs: 3000, totalMs: 60_000 },
    });
  });

  it('reports a circle of extends once', () => {
    const text = 'providers:\n  a: { extends: b }\n  b: { extends: c }\n  c: { extends: b }\n';
    expect(refusalLines(text)).toEqual([
      'headgate.yaml:3:17  providers.b.extends: goes round in a circle: b → c → b',
    ]);
  });

  it('enables a built-in provider that only a target names, with a warning when it has no key', () => {
    const text = 'models:\n  fast: { targets: [groq/llama-3.3-70b] }\n';
    expect(loadText(text).config.providers.get('groq')?.origin).toBe('target');
    expect(warningLines(text)).toEqual([
      'headgate.yaml:2:21  models.fast.targets[0]: provider groq has no key (set GROQ_API_KEY)',
    ]);
  });

  it('demands a base URL from a provider that has none of its own', () => {
    expect(refusalLines('providers:\n  vllm: { keys: [] }\nmodels:\n  m: { targets: [vllm/x] }\n')).toEqual([
      'headgate.yaml:2:3  providers.vllm.base_url: missing, expected the URL of the API, as this provider has none of its own',
    ]);
    expect(refusalLines('models:\n  m: { targets: [vllm/x] }\n')).toEqual([
      'headgate.yaml:2:18  models.m.targets[0]: provider vllm needs a base_url (add providers.vllm.base_url)',
    ]);
  });

  it.each([
    'ftp://x',
    'http://user:pw@host/v1',
    'https://host/v1?key=1',
    'api.openai.com',
    'http://',
    'http://a b',
  ])('refuses the base URL %s', (url) => {
    const [line] = refusalLines(`providers: { openai: { base_url: "${url}" } }`);
    expect(line).toContain('expected an http:// or https:// URL without credentials, query or fragment');
  });
});

describe('models', () => {
  it('keeps slashes in the model name of a target', () => {
    const { config } = loadText('models: { m: { targets: [ollama/library/llama3:8b] } }');
    expect(config.models.get('m')?.targets[0]).toMatchObject({
      provider: 'ollama',
      model: 'library/llama3:8b',
    });
  });

  it('lets the limits of a model go before those of the provider', () => {
    const text = [
      'providers: { openai: { keys: [{ value: k }], timeouts: { connect: 1s, idle: 7s } } }',
      'models: { m: { targets: [openai/x], timeouts: { connect: 3s } } }',
    ].join('\n');
    expect(loadText(text).config.models.get('m')?.targets[0]?.timeouts).toEqual({
      connectMs: 3000,
      firstByteMs: 300_000,
      idleMs: 7000,
      totalMs: 600_000,
    });
  });

  it('gives the whole request the most patient provider, unless the model says otherwise', () => {
    const text = (more: string) =>
      [
        'providers: { openai: { keys: [{ value: k }], timeouts: { total: 3m } } }',
        `models: { m: { targets: [openai/x, mock/y]${more} } }`,
      ].join('\n');
    expect(loadText(text('')).config.models.get('m')?.totalMs).toBe(600_000);
    expect(loadText(text(', timeouts: { total: 5s }')).config.models.get('m')?.totalMs).toBe(5000);
  });

  it('takes weights with the weighted strategy and refuses them all being zero', () => {
    const weighted = (a: number, b: number) =>
      `models: { m: { strategy: weighted, targets: [{ target: mock/a, weight: ${a} }, { target: mock/b, weight: ${b} }] } }`;
    expect(
      loadText(weighted(0.5, 0))
        .config.models.get('m')
        ?.targets.map((target) => target.weight),
    ).toEqual([0.5, 0]);
    expect(refusalLines(weighted(0, 0))).toEqual([
      'headgate.yaml:1:45  models.m.targets: every target has weight 0 (no target would ever be chosen)',
    ]);
    expect(refusalLines(weighted(-1, 1))).toEqual([
      'headgate.yaml:1:72  models.m.targets[0].weight: expected a weight of 0 or more, found -1',
    ]);
  });

  it('warns when weights have no effect', () => {
    expect(warningLines('models: { m: { targets: [{ target: mock/a, weight: 3 }] } }')).toEqual([
      'headgate.yaml:1:25  models.m.targets: weights mean nothing with strategy: fallback (use strategy: weighted)',
    ]);
  });

  it('takes of a model what it says of targets that fail, then of the gateway, then the usual', () => {
    const two = 'targets: [mock/a, mock/b]';
    const { models } = loadText(
      `ejection: { after: 3, max: 1m }\nmodels: { m: { ${two} }, own: { ${two}, ejection: { for: 1s } }, no: { ${two}, ejection: off } }`,
    ).config;
    expect(['m', 'own', 'no'].map((name) => models.get(name)?.ejection)).toEqual([
      { after: 3, firstMs: 5_000, mostMs: 60_000 },
      { after: 3, firstMs: 1_000, mostMs: 60_000 },
      null,
    ]);
  });

  it.each([
    [
      'ejection: { max: 1s }',
      ['headgate.yaml:1:11  ejection: max is shorter than for (set max to the longest time)'],
    ],
    ['ejection: never', ['headgate.yaml:1:11  ejection: expected "off" or a mapping, found "never"']],
    [
      'ejection: { after: 0 }',
      ['headgate.yaml:1:20  ejection.after: expected a whole number from 1 to 1000, found 0'],
    ],
  ])('refuses %s', (text, lines) => {
    expect(refusalLines(text)).toEqual(lines);
  });

  it('warns of ejection where there is no other target', () => {
    expect(warningLines('models: { m: { targets: [mock/a], ejection: { after: 1 } } }')).toEqual([
      'headgate.yaml:1:45  models.m.ejection: means nothing with one target (there is no other to ask)',
    ]);
  });

  it('has the same retry defaults with and without an entry', () => {
    expect(loadText('models: { m: { targets: [mock/a] } }').config.models.get('m')?.retries).toEqual(
      DEFAULT_RETRIES,
    );
  });

  it('reads statuses written as texts and classes', () => {
    const { config } = loadText('models: { m: { targets: [mock/a], retries: { on: ["408", 4xx] } } }');
    expect(config.models.get('m')?.retries.statuses.size).toBe(100);
    expect(config.models.get('m')?.retries.onTimeout).toBe(false);
  });
});
