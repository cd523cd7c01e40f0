import { afterAll, describe, expect, it } from 'vitest';
import { bindHooks } from '../../core/plugin/bind.js';
import { PluginLogger } from '../../core/plugin/logger.js';
import { runHeadgate } from '../e2e/harness.js';
import { pluginFolder, pluginModule } from './plugin-folder.js';

const folder = pluginFolder();
afterAll(() => folder.close());

const strict = folder.write(
  'strict.mjs',
  pluginModule(`{
    name: 'strict', version: '1.0.0',
    config: z.strictObject({
      word: z.string(),
      limits: z.object({ depth: z.number().int() }).optional(),
      token: z.string().refine(async (token) => token.startsWith('tk-'), 'must begin with tk-').optional(),
    }),
  }`),
);

const wrong: [what: string, use: string, config: string, said: string][] = [
  ['a missing setting', strict, 'limits: { depth: 1 }', 'plugins[N].config.word: missing, expected a text'],
  [
    'a setting of the wrong type',
    strict,
    'word: [1]',
    'plugins[N].config.word: expected a text, found a list',
  ],
  [
    'a nested setting',
    strict,
    'word: x\n      limits: { depth: deep }',
    'plugins[N].config.limits.depth: expected a number, found a text',
  ],
  [
    'an unknown setting',
    strict,
    'word: x\n      wrod: y',
    'plugins[N].config.wrod: unknown key, did you mean "word"?',
  ],
  [
    'what an asynchronous check refuses',
    strict,
    'word: x\n      token: abc',
    'plugins[N].config.token: must begin with tk-',
  ],
  [
    'a name that nobody knows',
    'rate-limits',
    'a: 1',
    'plugins[N].use: there is no plugin "rate-limits", did you mean "rate-limit"?',
  ],
  [
    'a module that is not JavaScript',
    folder.write('broken.mjs', 'export default {'),
    'a: 1',
    'broken.mjs" cannot be loaded',
  ],
  [
    'a module without a plugin',
    folder.write('no-plugin.mjs', 'export default () => {};'),
    'a: 1',
    'no-plugin.mjs" is not a plugin (export default definePlugin({ … }))',
  ],
  [
    'a plugin for another version of the SDK',
    folder.write('future.mjs', `export default { sdk: 2, name: 'f', version: '1', needs: {}, setup() {} };`),
    'a: 1',
    'future.mjs" was made for version 2 of the SDK, and this gateway has version 1',
  ],
  [
    'a module that imports what is not installed',
    folder.write('import.mjs', `import 'not-installed'; export default {};`),
    'a: 1',
    "Cannot find package 'not-installed'",
  ],
  [
    'TypeScript that was not compiled',
    folder.write('plugin.ts', 'export default {};'),
    'a: 1',
    'compile it to JavaScript first',
  ],
];

const entry = (use: string, config: string): string => `  - use: ${use}
    config:
      ${config}
`;
const yaml = (entries: string): string => `# a comment\nplugins:\n${entries}`;
const start = (threads: number): string[] => [
  'start',
  '--port',
  '0',
  '--threads',
  String(threads),
  '--data',
  'data',
];

describe('headgate check', async () => {
  const config = yaml(wrong.map(([, use, settings]) => entry(use, settings)).join(''));
  const { code, stderr } = await runHeadgate(['check'], { config });

  it('refuses the configuration, saying all that is wrong with all plugins', () => {
    expect(code).toBe(2);
    expect(stderr).toContain(`${wrong.length} problems in the configuration`);
  });

  it.each(wrong.map((one, index) => [...one, index] as const))(
    'names %s and its place',
    (_, use, settings, said, index) => {
      const line = stderr.split('\n').find((one) => one.includes(`plugins[${index}]`)) ?? stderr;
      expect(line).toContain(said.replaceAll('[N]', `[${index}]`));
      const before = wrong.slice(0, index).map(([, path, config]) => entry(path, config));
      const first = yaml(before.join('')).split('\n').length;
      const at = Number(/^headgate\.yaml:(\d+):\d+ {2}/.exec(line)?.[1]);
      expect(at).toBeGreaterThanOrEqual(first);
      expect(at).toBeLessThan(first + entry(use, settings).split('\n').length - 1);
    },
  );

  it('refuses a path without a file', async () => {
    const missing = await runHeadgate(['check'], { config: yaml(entry('./missing.mjs', 'a: 1')) });
    expect(missing.stderr).toContain(
      'headgate.yaml:3:10  plugins[0].use: no such file, found "./missing.mjs"',
    );
    expect(missing.code).toBe(2);
  });

  it('sets no plugin up', async () => {
    const definition = `{ name: 'loud', version: '1', setup() { throw new Error('set up'); } }`;
    const use = folder.write('loud.mjs', pluginModule(definition));
    const checked = await runHeadgate(['check'], { config: { plugins: [{ use }] } });
    expect(checked.code).toBe(0);
    expect(checked.all).not.toContain('set up');
  });

  it('never shows what a variable holds', async () => {
    const checked = await runHeadgate(['check'], {
      config: yaml(entry(strict, 'word: x\n      token: "$' + '{MY_TOKEN}"')),
      env: { MY_TOKEN: 'hunter2hunter2' },
    });
    expect(checked.code).toBe(2);
    expect(checked.all).toContain('plugins[0].config.token');
    expect(checked.all).not.toContain('hunter2');
  });
});

describe.each([1, 2])('a start with %i threads', (threads) => {
  it('is refused when a plugin does not like its settings', async () => {
    const { code, stderr } = await runHeadgate(start(threads), { config: yaml(entry(strict, 'wrod: x')) });
    expect(stderr).toContain('plugins[0].config.wrod: unknown key, did you mean "word"?');
    expect(stderr).toContain('plugins[0].config.word: missing, expected a text');
    expect(code).toBe(2);
  });

  it('is refused when a plugin cannot be set up', async () => {
    const definition = `{ name: 'bad-setup', version: '1', async setup() { throw new Error('no database'); } }`;
    const use = folder.write('bad-setup.mjs', pluginModule(definition));
    const { code, stderr } = await runHeadgate(start(threads), { config: { plugins: [{ use }] } });
    expect(stderr).toContain('plugins[0]: the plugin "bad-setup" could not be set up: no database');
    expect(code).toBe(2);
  });
});

describe('what setup returns', () => {
  const bind = (returned: unknown, response: 'none' | 'bytes' = 'none') =>
    bindHooks(returned, {
      name: 'p',
      needs: { request: 'head', response },
      order: null,
      onFailure: null,
      timeoutMs: null,
      log: new PluginLogger(() => {}),
    });
  const handler = (): void => {};

  it.each([
    [
      'a hook that does not exist',
      { reqest: handler },
      'there is no hook "reqest"; there are identify, request',
    ],
    ['a hook without its need', { event: handler }, `the hook "event" needs { response: 'events' }`],
    ['a hook that is no function', { request: {} }, 'the hook "request" is not a function'],
    ['something else', 'hooks', 'setup must return an object of hooks, or nothing'],
  ])('must not be %s', (_, returned, said) => {
    expect(() => bind(returned)).toThrow(said);
  });

  it('may be nothing', () => {
    expect([bind(undefined), bind(null), bind({})]).toEqual([[], [], []]);
  });

  it('fails closed where it decides, and open where it only looks, whatever it says', () => {
    const options = { handler, onFailure: 'closed' as const };
    const bound = bind({ request: handler, upstream: handler, bytes: options, settled: options }, 'bytes');
    expect(bound.map(({ phase, onFailure }) => [phase, onFailure])).toEqual([
      ['request', 'closed'],
      ['upstream', 'closed'],
      ['bytes', 'open'],
      ['settled', 'open'],
    ]);
  });
});
