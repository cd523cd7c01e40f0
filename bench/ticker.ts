/**
 * The open loop's clock, a thread of its own: Node's timers are a millisecond coarse, a timed wait is exact to some ten
 * microseconds and takes no CPU. Posts how many requests are due by now.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { clock } from './connection.js';

/** `start` by `clock()` and `interval` in milliseconds. */
const { start, interval, total } = workerData as { start: number; interval: number; total: number };
const never = new Int32Array(new SharedArrayBuffer(4));

for (let due = 0; due < total; ) {
  const wait = start + due * interval - clock();
  if (wait > 0) Atomics.wait(never, 0, 0, wait);
  due = Math.min(total, Math.max(due, Math.floor((clock() - start) / interval)) + 1);
  parentPort?.postMessage(due);
}
