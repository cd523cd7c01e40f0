// A thread that spends from an organization's budget (place 0) and from a key's (place `seed`) as fast as it can, together
// with another. `workerData`: memory, cap, rounds, gate, seed.
import { parentPort, workerData } from 'node:worker_threads';
import { SharedGroup } from '../../dist/core/state/counter-group.js';
import { CounterMemory } from '../../dist/core/state/counter-memory.js';
import { SharedCounter } from '../../dist/core/state/shared-counter.js';

const { memory, cap, rounds, gate, seed } = workerData;
const forever = () => ({ start: 1, end: Number.MAX_SAFE_INTEGER });
const counters = [0, seed].map((slot) => new SharedCounter(memory, slot, forever));
const group = SharedGroup.of(counters, CounterMemory.of(memory), null);
const caps = [cap, cap];
const flag = new Int32Array(gate);
let random = seed;
const next = (below) => {
  random = (Math.imul(random, 1_103_515_245) + 12_345) & 0x7fffffff;
  return random % below;
};

Atomics.add(flag, 1, 1);
Atomics.wait(flag, 0, 0);

let [highest, spent, granted] = [0, 0, 0];
const running = [];
const end = ({ taken, most }) => {
  const cost = Math.floor((most * (1 + next(90))) / 100);
  taken.settle([cost, cost]);
  spent += cost;
};
for (let i = 0; i < rounds; i++) {
  const most = 400_000 + next(400_000);
  const taken = group.reserve([most, most], caps);
  if (taken.refused === null) {
    granted++;
    highest = Math.max(highest, taken.totals[0]);
    running.push({ taken, most });
  }
  // A hundred run at once; when nothing fits, the oldest end.
  if (running.length > 100 || (taken.refused !== null && running.length > 0)) end(running.shift());
}
for (const one of running) end(one);
// One after the other, until not even a small one fits.
for (let most = 800_000; most > 1; ) {
  const taken = group.reserve([most, most], caps);
  if (taken.refused !== null) {
    most = Math.floor(most / 2);
    continue;
  }
  taken.settle([most, most]);
  spent += most;
}
parentPort.postMessage({ highest, spent, granted });
