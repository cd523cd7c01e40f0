import fc from 'fast-check';
import { expect, test } from 'vitest';
import { exactUsd, usdText } from '../../core/money.js';
import { LineBuffer } from '../../core/observe/line-buffer.js';

const written = (write: (to: LineBuffer) => void): string => {
  const to = new LineBuffer();
  to.reserve(10_000);
  write(to);
  return to.take();
};

const anyNumber = fc.oneof(fc.nat({ max: 10_000 }), fc.nat(), fc.integer(), fc.maxSafeNat(), fc.double());

test('a string is what JSON makes of it', () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('"', '\\', '\x7f', '\n', 'é'),
  );
  fc.assert(
    fc.property(text, (value) => {
      expect(JSON.parse(written((to) => to.string(value)))).toBe(value);
    }),
  );
});

test('a count is the number, and null when it is none', () => {
  fc.assert(
    fc.property(anyNumber, (value) => {
      expect(written((to) => to.count(value))).toBe(Number.isFinite(value) ? String(value + 0) : 'null');
    }),
    { numRuns: 1000 },
  );
});

test('a duration has up to three decimals, and is null when it is none', () => {
  fc.assert(
    fc.property(anyNumber, (value) => {
      const text = written((to) => to.duration(value));
      if (!(value >= 0 && value < 1e12)) expect(text).toBe('null');
      else expect(text).toBe(String(Math.round(value * 1000) / 1000));
    }),
    { numRuns: 1000 },
  );
  expect(written((to) => to.duration(null))).toBe('null');
});

test('dollars are exact', () => {
  fc.assert(
    fc.property(fc.oneof(fc.nat({ max: 5_000_000 }), fc.maxSafeNat()), (nano) => {
      expect(written((to) => to.usd(nano))).toBe(usdText(nano));
    }),
    { numRuns: 1000 },
  );
  expect(written((to) => to.usd(0))).toBe('0');
  expect(written((to) => to.usd(1))).toBe('0.000000001');
});

test('it grows, and is empty when its text was taken', () => {
  const to = new LineBuffer();
  const piece = Buffer.from('x'.repeat(1000));
  for (let i = 0; i < 500; i++) {
    to.reserve(piece.length);
    to.raw(piece);
  }
  expect(to.take()).toBe('x'.repeat(500_000));
  expect(to.take()).toBe('');
});

test('exact dollars are those of money', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.nat(), fc.maxSafeNat(), fc.constantFrom(0, 1e15, 1e15 + 1, 999_999_999)),
      (nano) => {
        expect(written((to) => to.exactUsd(nano))).toBe(exactUsd(BigInt(nano)));
      },
    ),
    { numRuns: 1000 },
  );
});
