import { createServer } from 'node:net';

/**
 * Below the ports that systems give to whoever asks for any (32768 on), so that no server of another test, and no connection, gets one
 * between the look and the start. Each process of tests has a range of its own, and goes round it: a port that somebody still
 * calls for is not another's at once.
 */
const FIRST = 10_000;
const RANGE = 2_000;
const RANGES = 11;

const first = FIRST + (Number(process.env['VITEST_POOL_ID'] ?? process.pid) % RANGES) * RANGE;
let next = Math.floor(Math.random() * RANGE);

/** A port of 127.0.0.1 on which nobody listens. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < RANGE; tries++) {
    next = (next + 1) % RANGE;
    const port = first + next;
    if (await isFree(port)) return port;
  }
  throw new Error('no port is free');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
