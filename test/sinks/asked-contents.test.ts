import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { AskedContents } from '../../core/sinks/asked-contents.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('what is kept of requests is asked for, and done without when no answer comes', async () => {
  const asked: [number, readonly string[]][] = [];
  const contents = new AskedContents((token, ids) => asked.push([token, ids]));
  const first = contents.get(['a', 'b']);
  const second = contents.get(['c']);
  expect(asked).toEqual([
    [1, ['a', 'b']],
    [2, ['c']],
  ]);
  const found = new Map([['c', { request: 'Hello', answer: null }]]);
  contents.answered(2, found);
  expect(await second).toEqual(found);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(await first).toEqual(new Map());
  // Nobody waits for it any more.
  contents.answered(1, found);
});
