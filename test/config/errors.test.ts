// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the syntax of the configuration file
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../core/config/problem.js';
import { loadText, refusal, refusalLines, warningLines } from './load-text.js';

describe('mistyped names', () => {
  it('are reported all at once, each with its place and the nearest right name', () => {
    const text = [
      'server: { prot: 80 }',
      'providers:',
      '  opnai: { keys: [{ value: x }] }',
      'models:',
      '  support:',
      '    stratgy: fallback',
      '    targets: [opnaii/gpt-4o, anthropc/claude-sonnet-4-5, gpt-4o]',
      '    retries: { attempts: 0, on: [429, timout] }',
      '    timeouts: { firstbyte: 20, idle: 30, total: 100d }',
      '  other:',
      '    strategy: fallbck',
      '    targets: [{ target: openai/x, wieght: 2 }, anthropc/y]',
      'obsevability: { prometheus: true }',
    ].join('\n');
    expect(refusalLines(text)).toEqual([
      'headgate.yaml:1:11  server.prot: unknown key, did you mean "port"?',
      'headgate.yaml:3:3  providers.opnai: unknown provider, did you mean "openai"? (a provider that is not built in needs "extends", such as extends: openai)',
      'headgate.yaml:6:5  models.support.stratgy: unknown key, did you mean "strategy"?',
      'headgate.yaml:7:58  models.support.targets[2]: expected "provider/model", such as openai/gpt-4o, found "gpt-4o"',
      'headgate.yaml:8:26  models.support.retries.attempts: expected a whole number from 1 to 10, found 0',
      'headgate.yaml:8:39  models.support.retries.on[1]: expected a status such as 429, "4xx", "5xx", "timeout" or "connection", found "timout", did you mean "timeout"?',
      'headgate.yaml:9:17  models.support.timeouts.firstbyte: unknown key, did you mean "first_byte"?',
      'headgate.yaml:9:38  models.support.timeouts.idle: expected a duration such as 250ms, 2s, 10m, 1h or 1d, found 30',
      'headgate.yaml:9:49  models.support.timeouts.total: expected a duration from 1ms to 24d, found "100d"',
      'headgate.yaml:11:15  models.other.strategy: expected "fallback", "weighted", "least_latency", "least_cost", "least_busy", "usage" or "sticky", found "fallbck", did you mean "fallback"?',
      'headgate.yaml:12:35  models.other.targets[0].wieght: unknown key, did you mean "weight"?',
      'headgate.yaml:13:1  obsevability: unknown key, did you mean "observability"?',
    ]);
  });

  it('checks targets of the models that can be read although another one cannot', () => {
    const text = 'models:\n  a: { targets: [anthropc/x] }\n  b: { targets: [] }\n';
    expect(refusalLines(text)).toEqual([
      'headgate.yaml:2:18  models.a.targets[0]: unknown provider, found "anthropc/x", did you mean "anthropic/x"?',
      'headgate.yaml:3:17  models.b.targets: expected at least one target, found a list',
    ]);
  });

  it('does not blame a target for a provider that is itself broken', () => {
    const text = 'providers:\n  local: { extend: openai }\nmodels:\n  a: { targets: [local/x] }\n';
    expect(refusalLines(text)).toEqual([
      'headgate.yaml:2:12  providers.local.extend: unknown key, did you mean "extends"?',
    ]);
  });

  it('lists what there is when nothing is near', () => {
    expect(refusalLines('providers:\n  openai:\n    api_key: sk-1\n')).toEqual([
      'headgate.yaml:3:5  providers.openai.api_key: unknown key, expected one of extends, base_url, keys, headers, formats, stateless, variables, timeouts',
    ]);
  });

  it('carries the parts of each problem for programs', () => {
    const error = refusal('models: { m: { targets: [opneai/x] } }');
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.problems).toEqual([
      {
        path: 'models.m.targets[0]',
        line: 1,
        column: 26,
        message: 'unknown provider, found "opneai/x", did you mean "openai/x"?',
        found: '"opneai/x"',
        suggestion: 'openai/x',
      },
    ]);
  });

  it('reports what is missing at the thing it is missing from', () => {
    expect(refusalLines('keys:\n  - { name: a }\nplugins:\n  - config: {}\n')).toEqual([
      'headgate.yaml:2:5  keys[0].value: missing, expected the key: visible characters without spaces',
      'headgate.yaml:4:5  plugins[0].use: missing, expected the name of a plugin or the path of its module',
    ]);
  });

  it('keeps list positions right when an earlier entry is broken', () => {
    const text = [
      'keys:',
      '  - { name: a }',
      '  - { name: b, value: hg-0123456789abcdef }',
      '  - { name: b, value: hg-fedcba9876543210 }',
    ].join('\n');
    expect(refusalLines(text)).toEqual([
      'headgate.yaml:2:5  keys[0].value: missing, expected the key: visible characters without spaces',
      'headgate.yaml:4:13  keys[2].name: the same name as keys[1] (names must be unique)',
    ]);
  });

  it('names impossible ids', () => {
    expect(
      refusalLines('providers: { "Open AI": { extends: openai } }\nmodels: { "a b": { targets: [mock/x] } }'),
    ).toEqual([
      'headgate.yaml:1:14  providers["Open AI"]: not a possible name, expected a provider id: small letters, digits, ".", "_" and "-"',
      'headgate.yaml:2:11  models["a b"]: not a possible name, expected a model name without spaces or "*"',
    ]);
  });
});

describe('features of later versions', () => {
  it('are refused by name instead of being ignored', () => {
    const text = [
      '',
      'models:',
      '  m: { strategy: least_cost, targets: [mock/a] }',
      'plugins: [{ use: guardrails/pii, isolate: true }]',
    ].join('\n');
    expect(refusalLines(text)).toEqual([
      'headgate.yaml:3:8  models.m.strategy: this strategy is not supported by this version yet (use fallback or weighted)',
      'headgate.yaml:4:34  plugins[0].isolate: isolation of plugins is not supported by this version yet',
    ]);
  });

  it.each(['least_latency', 'least_cost', 'least_busy', 'usage', 'sticky'])(
    'include the strategy %s',
    (strategy) => {
      expect(refusalLines(`models: { m: { strategy: ${strategy}, targets: [mock/a] } }`)).toHaveLength(1);
    },
  );

  it('may be named with nothing in them, or switched off', () => {
    const text =
      'cluster:\nmcp:\nplugins: [{ use: x, isolate: false }]\nobservability: { log_bodies: false }\n';
    expect(loadText(text).warnings).toEqual([]);
  });

  it('are refused when a variable switches them on', () => {
    const text = 'plugins: [{ use: x, isolate: "${ON}" }]\nobservability: { log_bodies: "${ON}" }\n';
    expect(loadText(text, { env: { ON: 'false' } }).warnings).toEqual([]);
    expect(refusalLines(text, { env: { ON: 'true' } })).toEqual([
      'headgate.yaml:1:21  plugins[0].isolate: isolation of plugins is not supported by this version yet',
    ]);
  });
});

describe('variables', () => {
  it('that are not set are reported with path and name, all of them', () => {
    const text = 'admin: { token: "${ADMIN}" }\nproviders:\n  openai: { keys: [{ value: "${A}-${B}" }] }\n';
    expect(refusalLines(text)).toEqual([
      'headgate.yaml:1:17  admin.token: environment variable ADMIN is not set (set it, or write ${ADMIN:-default})',
      'headgate.yaml:3:29  providers.openai.keys[0].value: environment variable A is not set (set it, or write ${A:-default})',
      'headgate.yaml:3:29  providers.openai.keys[0].value: environment variable B is not set (set it, or write ${B:-default})',
    ]);
  });

  it('that are empty give an error that names them', () => {
    expect(refusalLines('providers: { openai: { keys: [{ value: "${K}" }] } }', { env: { K: '' } })).toEqual([
      'headgate.yaml:1:40  providers.openai.keys[0].value: expected the key: a text that is not empty, found the value of ${K}',
    ]);
  });

  it('may have a default, which also stands in for an empty one', () => {
    const text = 'server: { host: "${HOST:-localhost}", port: "${PORT:-0}" }';
    expect(loadText(text).config.server).toMatchObject({ host: 'localhost', port: 0 });
    expect(loadText(text, { env: { HOST: '', PORT: '9' } }).config.server).toMatchObject({
      host: 'localhost',
      port: 9,
    });
  });

  it('become numbers and booleans where those are wanted, and stay text elsewhere', () => {
    const text = [
      'server: { threads: ${N}, body_limit: ${BYTES} }',
      'observability: { prometheus: ${NO} }',
      'models: { m: { strategy: weighted, targets: [{ target: mock/a, weight: ${N} }], retries: { on: ["${STATUS}"] } } }',
      'keys: [{ name: "${N}", value: "${DIGITS}", metadata: { customer: "${YES}" } }]',
    ].join('\n');
    const env = {
      N: '3',
      BYTES: '1024',
      YES: 'true',
      NO: 'false',
      STATUS: '429',
      DIGITS: '1234567890123456',
    };
    const { config } = loadText(text.replaceAll(/: (\$\{\w+\})/g, ': "$1"'), { env });
    expect(config.server).toMatchObject({ threads: 3, bodyLimitBytes: 1024 });
    expect(config.observability.prometheus).toBe(false);
    expect(config.models.get('m')?.targets[0]?.weight).toBe(3);
    expect(config.models.get('m')?.retries.statuses).toEqual(new Set([429]));
    expect(config.keys[0]?.value?.reveal()).toBe('1234567890123456');
    expect(config.keys[0]).toMatchObject({ name: '3', metadata: { customer: 'true' } });
  });

  it('are not looked at again after they were put in', () => {
    const env = { A: '${B}', B: 'never' };
    const { config } = loadText('providers: { openai: { keys: [{ value: "${A}" }] } }', { env });
    expect(config.providers.get('openai')?.keys[0]?.value.reveal()).toBe('${B}');
  });

  it('can be written literally with two dollars, and a broken one is an error', () => {
    const { config } = loadText(
      'plugins: [{ use: x, config: { text: "$${NAME} costs $5", deep: [["${N:-a}"]] } }]',
    );
    expect(config.plugins[0]?.config.reveal()).toEqual({ text: '${NAME} costs $5', deep: [['a']] });
    expect(refusalLines('plugins: [{ use: x, config: { text: "${a b} ${" } }]')).toEqual([
      'headgate.yaml:1:37  plugins[0].config.text: "${" without a variable name and "}" (write "$${" for a literal "${")',
      'headgate.yaml:1:37  plugins[0].config.text: "${" without a variable name and "}" (write "$${" for a literal "${")',
    ]);
  });
});

describe('files that are not a configuration', () => {
  it.each<[string, string | Uint8Array, string[]]>([
    [
      'a list',
      '- a\n',
      ['headgate.yaml:1:1  expected a mapping with sections such as providers and models, found a list'],
    ],
    [
      'a text',
      'hello',
      ['headgate.yaml:1:1  expected a mapping with sections such as providers and models, found a text'],
    ],
    [
      'an unclosed bracket',
      'server:\n  host: a\nmodels: [\n',
      [
        'headgate.yaml:4:1  not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
      ],
    ],
    [
      'two documents',
      'auth: {}\n---\nauth: {}\n',
      ['headgate.yaml:2:1  more than one YAML document in the file; keep only one'],
    ],
    ['tabs', 'server:\n\tport: 1\n', ['headgate.yaml:2:1  tabs cannot indent YAML; use spaces']],
    [
      'repeated keys',
      'server:\n  port: 1\n  port: x\nserver: {}\n',
      [
        'headgate.yaml:3:3  server.port: repeated key, given first on line 2',
        'headgate.yaml:4:1  server: repeated key, given first on line 1',
      ],
    ],
    [
      'an unknown alias',
      'server: *nope\n',
      ['headgate.yaml:1:9  server: alias without an anchor before it; quote a text that begins with "*"'],
    ],
    [
      'a tag',
      'server: { host: !secret localhost }',
      ['headgate.yaml:1:25  server.host: YAML tags are not supported; quote a text that begins with "!"'],
    ],
    ['a list as key', '? [a]\n: 1\n', ['headgate.yaml:1:3  a key must be a plain text']],
    [
      'a merge of a text',
      'server: { <<: text }',
      ['headgate.yaml:1:11  server["<<"]: only mappings can be merged'],
    ],
    [
      'a __proto__ key',
      'providers: { __proto__: { extends: openai } }',
      ['headgate.yaml:1:14  providers.__proto__: this key is not allowed'],
    ],
    [
      'Latin-1',
      Buffer.from('server:\n  host: "caf\u00e9"\n', 'latin1'),
      ['headgate.yaml:2:13  is not UTF-8 from here on; save it as UTF-8'],
    ],
    [
      'UTF-16',
      Buffer.from('\ufeffserver: {}\n', 'utf16le'),
      ['headgate.yaml:1:1  is UTF-16; save it as UTF-8'],
    ],
    [
      'a 9 MB file',
      Buffer.alloc(9 * 1024 * 1024, 0x20),
      ['headgate.yaml  is larger than 8mb, which no configuration needs'],
    ],
  ])('refuses %s', (_, content, lines) => {
    expect(refusalLines(content)).toEqual(lines);
  });

  it('refuses an alias bomb without unfolding it', () => {
    const levels = 'abcdefghij'.split('');
    const bomb = levels.map(
      (name, i) => `${name}: &${name} [${i === 0 ? '1' : `${`*${levels[i - 1]},`.repeat(9)}`}]`,
    );
    expect(refusalLines(bomb.join('\n'))).toEqual([
      'headgate.yaml  too many aliases; this looks like an attack',
    ]);
  });

  it('refuses anchors that contain themselves and endless nesting', () => {
    expect(refusalLines('plugins: [{ use: x, config: &c { again: *c } }]')).toContain(
      'headgate.yaml:1:41  plugins[0].config.again: contains itself',
    );
    for (const deep of ['plugins: '.concat('['.repeat(100), ']'.repeat(100)), `a: ${'['.repeat(50_000)}`]) {
      expect(refusalLines(deep).some((line) => /nested/.test(line))).toBe(true);
    }
  });

  it('takes an empty file for one that says nothing, with a warning', () => {
    for (const text of ['', '\n', '# only a comment\n', '\ufeff', '---\n']) {
      expect(warningLines(text)).toEqual(['headgate.yaml  is empty, so the defaults hold']);
    }
  });

  it('reads YAML 1.2 whatever the file says, with anchors and merge keys', () => {
    const text = [
      '%YAML 1.1',
      '---',
      'models:',
      '  a: &a { targets: [mock/a], retries: { on: [timeout], attempts: 3 } }',
      '  b: { <<: *a, targets: [mock/b] }',
    ].join('\n');
    const { config } = loadText(`${text}\nserver: { <<: { port: 7 }, <<: [{ host: "::1" }, { port: 8 }] }`);
    expect(config.server).toMatchObject({ port: 7, host: '::1' });
    expect(config.models.get('b')).toMatchObject({
      targets: [{ model: 'b' }],
      retries: { attempts: 3, onTimeout: true },
    });
    expect(refusalLines('%YAML 1.1\n---\nauth: { required: yes }\n')).toEqual([
      'headgate.yaml:3:19  auth.required: expected true or false, found "yes"',
    ]);
  });
});

describe('files that the configuration names', () => {
  it('must exist', () => {
    const text =
      'server: { tls: { cert: no.pem, key: no.key } }\nplugins: [{ use: ./no.js }, { use: guardrails/pii }]\n';
    expect(refusalLines(text)).toEqual([
      'headgate.yaml:1:24  server.tls.cert: no such file, or it may not be read',
      'headgate.yaml:1:37  server.tls.key: no such file, or it may not be read',
      'headgate.yaml:2:18  plugins[0].use: no such file, found "./no.js"',
    ]);
  });
});
