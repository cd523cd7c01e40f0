// A thread that counts in a rolling counter as fast as it can once it is told to. `workerData`: memory, each.
import { parentPort, workerData } from 'node:worker_threads';
import { RollingCounter } from '../../dist/core/state/rolling-counter.js';

const { memory, each } = workerData;
const counter = new RollingCounter(memory, 0, 3_600_000);
parentPort.once('message', () => {
  for (let i = 0; i < each; i++) counter.reserve(1, Number.MAX_SAFE_INTEGER);
});
parentPort.postMessage('ready');
