import { afterEach, expect, test, vi } from 'vitest';
import { loadText } from './load-text.js';

afterEach(() => vi.unstubAllGlobals());

// Regression: a tenth of the CPU of a start went into functions that zod compiled to use each of them once.
test('a configuration is read without compiling a function for each of its schemas', () => {
  const compiled: string[] = [];
  const counted = new Proxy(Function, {
    construct(target, given: string[]) {
      const body = given.at(-1) ?? '';
      if (body !== '') compiled.push(body);
      return Reflect.construct(target, given) as object;
    },
  });
  vi.stubGlobal('Function', counted);
  new Function('return 1');
  expect(compiled).toEqual(['return 1']);
  const text =
    'keys: [{ name: app, value: hg-0123456789abcdef0123456789abcdef, budget: { usd: 1, per: day } }]\n';
  expect(loadText(text).config.keys).toHaveLength(1);
  expect(compiled).toEqual(['return 1']);
});
