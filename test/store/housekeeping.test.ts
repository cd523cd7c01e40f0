import { afterEach, expect, test, vi } from 'vitest';
import { type Chore, Housekeeping } from '../../core/store/housekeeping.js';

const running: Housekeeping[] = [];

afterEach(() => {
  for (const one of running.splice(0)) one.stop();
  vi.useRealTimers();
});

function start(chores: Record<string, () => boolean>) {
  vi.useFakeTimers({ now: 1e12 });
  const seen = { idle: true, done: [] as string[], warnings: [] as string[] };
  const list = Object.entries(chores).map(
    ([name, step]): Chore => ({
      step: () => {
        seen.done.push(name);
        return step();
      },
      failure: `${name} failed`,
    }),
  );
  const housekeeping = new Housekeeping(
    list,
    () => seen.idle,
    (message, error) => seen.warnings.push(`${message}: ${String(error)}`),
  );
  running.push(housekeeping);
  return { seen, housekeeping };
}

test('each chore is done to its end, in order, then nothing for a minute', async () => {
  let left = 3;
  const { seen, housekeeping } = start({ a: () => --left > 0, b: () => false });
  housekeeping.run();
  expect(seen.done).toEqual([]);
  await vi.advanceTimersByTimeAsync(1000);
  housekeeping.run();
  await vi.advanceTimersByTimeAsync(1000);
  expect(seen.done).toEqual(['a', 'a', 'a', 'b']);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(seen.done).toEqual(['a', 'a', 'a', 'b', 'a', 'b']);
});

test('nothing is done while there is something better to do, and it goes on afterwards', async () => {
  const { seen, housekeeping } = start({ a: () => false, b: () => false });
  seen.idle = false;
  housekeeping.run();
  await vi.advanceTimersByTimeAsync(1000);
  expect(seen.done).toEqual([]);
  seen.idle = true;
  housekeeping.run();
  await vi.advanceTimersByTimeAsync(1000);
  expect(seen.done).toEqual(['a', 'b']);
});

test('a chore that fails is told and does not stop the others', async () => {
  const fail = (): never => {
    throw new Error('no space');
  };
  const { seen, housekeeping } = start({ a: fail, b: () => false });
  housekeeping.run();
  await vi.advanceTimersByTimeAsync(1000);
  expect(seen.done).toEqual(['a', 'b']);
  expect(seen.warnings).toEqual(['a failed: Error: no space']);
});

test('nothing is done after the end', async () => {
  const { seen, housekeeping } = start({ a: () => true });
  housekeeping.run();
  housekeeping.stop();
  await vi.advanceTimersByTimeAsync(120_000);
  expect(seen.done).toEqual([]);
});
