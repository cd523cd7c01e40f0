import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { RotationSchedule } from '../../core/admin/rotation-schedule.js';
import type { StoredEntity } from '../../core/store/control/entity-rows.js';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 1);

const key = (id: string, rotatedMs: number, spec: object = { rotate: { every: '1h', grace: '10m' } }) =>
  ({
    kind: 'key',
    id,
    name: id,
    createdMs: START,
    spec,
    state: { rotated_ms: rotatedMs, sealed_until_ms: rotatedMs + HOUR },
  }) as unknown as StoredEntity;

let done: string[];
let failing: Set<string>;
let schedule: RotationSchedule;
const logged: string[] = [];
let counts: { done: number; failed: number };

beforeEach(() => {
  vi.useFakeTimers({ now: START });
  done = [];
  failing = new Set();
  counts = { done: 0, failed: 0 };
  schedule = new RotationSchedule(
    {
      whatIsDue: async (id) => {
        if (failing.has(id)) throw new Error('the store is away');
        done.push(id);
        const after = key(id, Date.now());
        schedule.note(id, after);
        return after;
      },
    },
    (level, message) => logged.push(`${level} ${message}`),
    counts,
  );
});
afterEach(async () => {
  await schedule.close();
  vi.useRealTimers();
});

it('each key is rotated when it is due, again and again, and not before all are known', async () => {
  schedule.note('late', key('late', START - 2 * HOUR));
  schedule.note('soon', key('soon', START - 0.5 * HOUR));
  schedule.note('never', key('never', START - 9 * HOUR, {}));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(done).toEqual([]);
  schedule.start();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(done).toEqual(['late']);
  await vi.advanceTimersByTimeAsync(0.5 * HOUR);
  expect(done).toEqual(['late', 'soon']);
  await vi.advanceTimersByTimeAsync(HOUR);
  expect(done).toEqual(['late', 'soon', 'late', 'soon']);
});

it('one that is gone, or was changed to be due later, is left alone', async () => {
  schedule.note('gone', key('gone', START));
  schedule.note('turned', key('turned', START));
  schedule.start();
  schedule.note('gone', null);
  schedule.note('turned', key('turned', START + 0.5 * HOUR));
  await vi.advanceTimersByTimeAsync(1.2 * HOUR);
  expect(done).toEqual([]);
  await vi.advanceTimersByTimeAsync(0.4 * HOUR);
  expect(done).toEqual(['turned']);
});

it('what fails is told and tried again, and holds up no other', async () => {
  failing.add('a');
  schedule.note('a', key('a', START - HOUR));
  schedule.note('b', key('b', START - HOUR));
  schedule.start();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(done).toEqual(['b']);
  expect(logged.at(-2)).toContain('could not be rotated');
  expect(counts).toEqual({ done: 1, failed: 1 });
  failing.clear();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(done).toEqual(['b', 'a']);
  expect(counts).toEqual({ done: 2, failed: 1 });
});

it('a clock that is set forward is noticed within a minute', async () => {
  schedule.note('a', key('a', START));
  schedule.start();
  vi.setSystemTime(START + 30 * 24 * HOUR);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(done).toEqual(['a']);
});
