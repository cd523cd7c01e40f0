import { describe, expect, it } from 'vitest';
import { loadText } from './load-text.js';

const PROVIDERS = 'providers: { openai: { keys: [{ value: sk-0123456789abcdef }] } }';
const keyWith = (rest: string) =>
  loadText([PROVIDERS, `keys: [{ name: a, value: hg-0123456789abcdef${rest} }]`].join('\n')).config.keys[0];

describe('what may be forwarded', () => {
  it.each([
    ['', true],
    [', models: ["*"]', true],
    [', models: [openai/gpt-4o]', false],
    [', models: [openai/gpt-4o], passthrough: true', true],
    [', passthrough: false', false],
  ])('a key with %j', (rest, passthrough) => {
    expect(keyWith(rest)?.passthrough).toBe(passthrough);
  });

  it('may be limited to providers, of which an unknown one is warned about', () => {
    const { config, warnings } = loadText(
      [PROVIDERS, 'keys: [{ name: a, value: hg-0123456789abcdef, passthrough: [openai, opnai] }]'].join('\n'),
    );
    expect(config.keys[0]?.passthrough).toEqual(['openai', 'opnai']);
    expect(warnings.map(({ path, message }) => [path, message])).toEqual([
      ['keys[0].passthrough[1]', expect.stringContaining('openai')],
    ]);
  });

  it('goes to the default of its API, which must be there', () => {
    expect(
      loadText([PROVIDERS, 'defaults: { openai: openai, cohere: mock }'].join('\n')).config.defaults,
    ).toEqual(
      new Map([
        ['openai', 'openai'],
        ['cohere', 'mock'],
      ]),
    );
    expect(() => loadText([PROVIDERS, 'defaults: { openai: opnai }'].join('\n'))).toThrow(
      /defaults\.openai.*openai/s,
    );
    expect(() => loadText([PROVIDERS, 'defaults: { opnai: openai }'].join('\n'))).toThrow(/defaults/);
  });
});
