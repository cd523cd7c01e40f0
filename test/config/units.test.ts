import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from '../../core/config/duration.js';
import { editDistance, nearest } from '../../core/config/nearest.js';
import { formatSize, parseSize } from '../../core/config/size.js';

describe('durations', () => {
  it.each([
    ['250ms', 250],
    ['2s', 2000],
    ['1.5s', 1500],
    ['10m', 600_000],
    ['1h', 3_600_000],
    ['1d', 86_400_000],
  ])('%s is %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', '10', 's', '-1s', '1 s', '1S', '1e3s', '1w', '1s2', 'Infinitys'])('%j is none', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it('are written so that they read the same again', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999_999 }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms);
      }),
    );
  });
});

describe('sizes', () => {
  it.each([
    ['50mb', 50 * 1024 ** 2],
    ['512KB', 512 * 1024],
    ['1gb', 1024 ** 3],
    ['1.5kb', 1536],
    ['100', 100],
    ['7b', 7],
  ])('%s is %d bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  it.each(['', 'mb', '-1mb', '1 mb', '1tb', '1mib'])('%j is none', (text) => {
    expect(parseSize(text)).toBeUndefined();
  });

  it('are written so that they read the same again', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999_999_999 }), (bytes) => {
        expect(parseSize(formatSize(bytes))).toBe(bytes);
      }),
    );
  });
});

describe('the nearest name', () => {
  it('counts a swap of neighbours as one edit', () => {
    expect(editDistance('strategy', 'stratgey')).toBe(1);
    expect(editDistance('kitten', 'sitting')).toBe(3);
    expect(editDistance('', 'abc')).toBe(3);
  });

  it('is a distance: symmetric, zero only for equal words', () => {
    const word = fc.string({ maxLength: 12 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b) === 0).toBe(a === b);
        expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
    );
  });

  it('is found across case and dashes, and not when nothing is near', () => {
    const keys = ['base_url', 'keys', 'headers'];
    expect(nearest('base-url', keys)).toBe('base_url');
    expect(nearest('baseURL', keys)).toBe('base_url');
    expect(nearest('haeders', keys)).toBe('headers');
    expect(nearest('temperature', keys)).toBeUndefined();
    expect(nearest('x'.repeat(10_000), keys)).toBeUndefined();
  });
});
