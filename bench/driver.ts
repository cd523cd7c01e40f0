/** Puts load on a contender: through `wrk` where it serves, else through our own load process. */
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { LOAD_CORE, startChild } from './children.js';
import type { Job } from './load.js';
import type { LoadResult } from './tally.js';
import type { Target } from './target.js';
import { hasWrk, wrk } from './wrk.js';

/** A request and how often to send it. */
interface Load {
  target: Target;
  headers: Record<string, string>;
  body: Buffer;
  connections: number;
  seconds: number;
}

const PATH = '/v1/chat/completions';
/** An answer that is not streamed has about 1 KB; one much smaller is no answer. */
const LEAST_BYTES = 500;

export class LoadDriver {
  private readonly child: ChildProcess;

  constructor() {
    this.child = startChild(process.execPath, [join(import.meta.dirname, 'load.js')], {
      core: LOAD_CORE,
      ipc: true,
    });
  }

  /** Non-streamed requests in a closed loop, as many as the contender can take. */
  fast(load: Load): Promise<LoadResult> {
    if (!hasWrk) return this.closed({ ...load, spread: 0, events: 0 });
    const { headers, body, connections, seconds } = load;
    return wrk({ port: load.target.port, path: PATH, headers, body, connections, seconds });
  }

  /** A closed loop over connections that start within `spread` milliseconds; each answer must have `events`. */
  closed(load: Load & { spread: number; events: number }): Promise<LoadResult> {
    const { target, connections, seconds, spread, events } = load;
    const expected = { events, bytes: LEAST_BYTES };
    return this.run({
      kind: 'closed',
      port: target.port,
      request: message(load),
      connections,
      seconds,
      spread,
      expected,
    });
  }

  /** Non-streamed requests at a constant `rate` a second, over at most `connections`. */
  constant(load: Load & { rate: number }): Promise<LoadResult> {
    const { target, connections, seconds, rate } = load;
    const expected = { events: 0, bytes: LEAST_BYTES };
    return this.run({
      kind: 'open',
      port: target.port,
      request: message(load),
      connections,
      rate,
      seconds,
      expected,
    });
  }

  private run(job: Job): Promise<LoadResult> {
    return new Promise((resolve, reject) => {
      const onExit = () => reject(new Error('the load process ended'));
      this.child.once('exit', onExit);
      this.child.once('message', (result) => {
        this.child.off('exit', onExit);
        resolve(result as LoadResult);
      });
      this.child.send(job);
    });
  }
}

function message(load: Load): string {
  const lines = Object.entries(load.headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const host = `host: 127.0.0.1:${load.target.port}\r\ncontent-length: ${load.body.length}\r\n`;
  return `POST ${PATH} HTTP/1.1\r\n${host}${lines.join('')}\r\n${load.body.toString()}`;
}
