import { expect, test } from 'vitest';
import { BelievedClock } from '../../core/store/believed-clock.js';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 31);

function start() {
  const at = { wall: START, steady: 500 };
  const clock = new BelievedClock(
    () => at.wall,
    () => at.steady,
  );
  /** Time passes; the wall's clock is set by so much beside that. */
  const pass = (ms: number, set = 0): number => {
    at.steady += ms;
    at.wall += ms + set;
    return clock.now();
  };
  return { at, pass };
}

test('a clock that jumps ahead and back again deletes nothing meanwhile', () => {
  const { at, pass } = start();
  expect(pass(HOUR)).toBe(at.wall);
  expect(pass(60_000, 400 * 24 * HOUR)).toBe(START + HOUR + 60_000);
  expect(pass(HOUR / 2)).toBe(START + 1.5 * HOUR + 60_000);
  expect(pass(60_000, -400 * 24 * HOUR)).toBe(at.wall);
  expect(at.wall).toBe(START + 1.5 * HOUR + 120_000);
});

test('a jump ahead that lasts for an hour is the time, so that nothing is kept for ever', () => {
  const { at, pass } = start();
  pass(60_000, 24 * HOUR);
  pass(HOUR - 1);
  expect(at.wall - pass(0)).toBe(24 * HOUR);
  expect(pass(1)).toBe(at.wall);
});

test('another jump while one is doubted begins the hour anew', () => {
  const { at, pass } = start();
  pass(0, 24 * HOUR);
  pass(HOUR - 1, 24 * HOUR);
  expect(pass(HOUR - 1)).toBe(at.wall - 48 * HOUR);
  expect(pass(1)).toBe(at.wall);
});

test('a clock that goes back is believed at once, and one that drifts always', () => {
  const { at, pass } = start();
  expect(pass(60_000, -30 * HOUR)).toBe(at.wall);
  for (let i = 0; i < 100; i++) expect(pass(60_000, 200_000)).toBe(at.wall);
});
