// A thread that takes from one counter as fast as it can, together with others. `workerData`: memory, cap, rounds, gate.
import { parentPort, workerData } from 'node:worker_threads';
import { SharedCounter } from '../../dist/core/state/shared-counter.js';

const { memory, cap, rounds, gate, seed } = workerData;
const counter = new SharedCounter(memory, 0, () => ({ start: 1, end: Number.MAX_SAFE_INTEGER }));
const flag = new Int32Array(gate);
let random = seed;
const next = (below) => {
  random = (Math.imul(random, 1_103_515_245) + 12_345) & 0x7fffffff;
  return random % below;
};

Atomics.add(flag, 1, 1);
Atomics.wait(flag, 0, 0);

let highest = 0;
let kept = 0;
let granted = 0;
const open = [];
for (let i = 0; i < rounds; i++) {
  const amount = 1 + next(10);
  const taken = counter.reserve(amount, cap);
  if (taken === null) {
    // Room for the others and for oneself: one that runs is settled, with less than it took.
    const oldest = open.shift();
    oldest?.taken.settle(0);
    continue;
  }
  granted++;
  highest = Math.max(highest, taken.total);
  open.push({ taken, amount });
  if (open.length > 5) open.shift().taken.settle(0);
}
// What stays at the end is known exactly.
for (const { taken } of open) {
  const used = next(2);
  taken.settle(used);
  kept += used;
}
parentPort.postMessage({ highest, kept, granted });
