/**
 * Open loop: requests are due at a constant rate whether or not earlier ones were answered, and a request's time counts
 * from when it was due. A gateway that stalls is charged for all requests that had to wait (no coordinated omission).
 */
import { Worker } from 'node:worker_threads';
import { Connection, clock } from './connection.js';
import { type Expectation, type LoadResult, Tally } from './tally.js';

export interface OpenLoop {
  kind: 'open';
  port: number;
  /** The whole request, head and body. */
  request: string;
  /** Most requests under way at once; more of them wait, with their time running. */
  connections: number;
  /** Requests a second. */
  rate: number;
  seconds: number;
  expected: Expectation;
}

const PATIENCE_MS = 10_000;

export async function openLoop(job: OpenLoop): Promise<LoadResult> {
  const tally = new Tally(job.expected);
  const request = Buffer.from(job.request);
  const total = Math.round(job.rate * job.seconds);
  const free: Connection[] = [];
  const waiting: number[] = [];
  let answered = 0;
  let finish = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const onAnswer = (connection: Connection) => {
    tally.answer(connection);
    if (++answered === total) finish();
    const dueAt = waiting.shift();
    if (dueAt === undefined) free.push(connection);
    else connection.send(request, dueAt);
  };
  const onFailure = (connection: Connection, reason: string) => {
    tally.problem(reason);
    const index = free.indexOf(connection);
    if (index !== -1) free.splice(index, 1);
  };
  const connections = Array.from(
    { length: job.connections },
    () => new Connection(job.port, onAnswer, onFailure),
  );
  await Promise.all(connections.map((connection) => connection.opened()));
  free.push(...connections.filter((connection) => connection.usable));

  const interval = 1000 / job.rate;
  const start = clock() + 100; // the ticker's thread needs a moment to come up
  const ticker = new Worker(new URL('./ticker.js', import.meta.url), {
    workerData: { start, interval, total },
  });
  let sent = 0;
  ticker.on('message', (due: number) => {
    for (; sent < due; sent++) {
      const dueAt = start + sent * interval;
      const connection = free.pop();
      if (connection === undefined) waiting.push(dueAt);
      else connection.send(request, dueAt);
    }
  });
  const impatient = setTimeout(
    () => {
      tally.problem(`${total - answered} requests that never ended`);
      finish();
    },
    job.seconds * 1000 + PATIENCE_MS,
  );
  await finished;
  clearTimeout(impatient);
  await ticker.terminate();
  for (const connection of connections) connection.close();
  return tally.result();
}
