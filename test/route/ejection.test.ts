import { describe, expect, it } from 'vitest';
import { Ejection } from '../../core/route/ejection.js';

const rules = { after: 3, firstMs: 5_000, mostMs: 20_000 };

/** One that has failed three times, at 1, 2 and 3 ms. */
function ejected(): Ejection {
  const one = new Ejection();
  expect([1, 2, 3].map((at) => one.failed(rules, at, at))).toEqual([0, 0, 5_000]);
  expect(one.until).toBe(5_003);
  return one;
}

describe('a target that fails', () => {
  it('is out only after failures in a row', () => {
    const one = new Ejection();
    for (const at of [1, 2, 4, 5]) {
      expect(one.failed(rules, at, at)).toBe(0);
      if (at === 2) one.answered(3);
    }
    expect([one.until, one.inRow]).toEqual([0, 2]);
    expect(one.failed(rules, 6, 6)).toBe(5_000);
  });

  it('is out for longer each time that it fails when it is tried, up to the longest time', () => {
    const one = ejected();
    const lasted: number[] = [];
    for (let i = 0; i < 4; i++) {
      const now = one.until;
      one.try(rules, now);
      lasted.push(one.failed(rules, now, now));
    }
    expect(lasted).toEqual([10_000, 20_000, 20_000, 20_000]);
    expect(one.count).toBe(5);
  });

  it('is not out for longer because of attempts that began before its time was over', () => {
    const one = ejected();
    expect(one.failed(rules, 2.5, 4_000)).toBe(0);
    // Nobody else was left to be asked.
    expect(one.failed(rules, 4_500, 4_600)).toBe(0);
    expect([one.until, one.count, one.inRow]).toEqual([5_003, 1, 3]);
  });

  it('is tried by one request at a time, and by another when nothing is heard of that one', () => {
    const one = ejected();
    one.try(rules, 6_000);
    expect(one.until).toBe(11_000);
    one.try(rules, 11_000);
    expect(one.until).toBe(16_000);
    // The first has failed in the end: it began when the time was over.
    expect(one.failed(rules, 6_000, 17_000)).toBe(10_000);
    expect(one.until).toBe(27_000);
  });

  it('comes back with the first answer, and is out for longer when that breaks off', () => {
    const one = ejected();
    one.try(rules, 6_000);
    expect(one.answers(6_000)).toBe(true);
    expect(one.until).toBe(0);
    expect(one.answers(6_100)).toBe(false);
    expect(one.failed(rules, 6_000, 6_200)).toBe(10_000);
    one.try(rules, 16_200);
    expect(one.answers(16_200)).toBe(true);
    one.answered(16_200);
    expect(one.inRow).toBe(0);
    expect([1, 2, 3].map((i) => one.failed(rules, 17_000 + i, 17_000 + i))).toEqual([0, 0, 5_000]);
  });

  it('is not brought back, or taken out again, by what began before', () => {
    const one = ejected();
    expect(one.answers(1)).toBe(false);
    one.answered(1);
    expect([one.until, one.inRow]).toEqual([5_003, 3]);
    // All others failed, too, so that it was asked, and it answers.
    expect(one.answers(4)).toBe(true);
    expect(one.failed(rules, 2, 5_000)).toBe(0);
    expect(one.until).toBe(0);
  });
});
