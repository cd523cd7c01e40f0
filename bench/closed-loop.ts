/** Closed loop: each connection sends its next request when the answer to the last one is complete. */
import { Connection, clock } from './connection.js';
import { type Expectation, type LoadResult, Tally } from './tally.js';

export interface ClosedLoop {
  kind: 'closed';
  port: number;
  /** The whole request, head and body. */
  request: string;
  connections: number;
  /** No request starts after this; those under way are waited for. */
  seconds: number;
  /** Milliseconds over which the connections start, so that paced streams do not all beat together. */
  spread: number;
  expected: Expectation;
}

/** How long requests under way may take once no new ones start. */
const PATIENCE_MS = 15_000;

export async function closedLoop(job: ClosedLoop): Promise<LoadResult> {
  const tally = new Tally(job.expected);
  const request = Buffer.from(job.request);
  let deadline = 0;
  let open = job.connections;
  let finish = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const leave = () => {
    if (--open === 0) finish();
  };
  const next = (connection: Connection) => {
    const now = clock();
    if (now < deadline && connection.usable) connection.send(request, now);
    else leave();
  };
  const onAnswer = (connection: Connection) => {
    tally.answer(connection);
    next(connection);
  };
  const onFailure = (_connection: Connection, reason: string) => {
    tally.problem(reason);
    leave();
  };
  const connections = Array.from(
    { length: job.connections },
    () => new Connection(job.port, onAnswer, onFailure),
  );
  await Promise.all(connections.map((connection) => connection.opened()));
  deadline = clock() + job.seconds * 1000;
  connections.forEach((connection, index) => {
    const delay = (index * job.spread) / job.connections;
    setTimeout(() => connection.usable && next(connection), delay);
  });
  const impatient = setTimeout(
    () => {
      tally.problem('requests that never ended');
      finish();
    },
    job.seconds * 1000 + PATIENCE_MS,
  );
  await finished;
  clearTimeout(impatient);
  for (const connection of connections) connection.close();
  return tally.result();
}
