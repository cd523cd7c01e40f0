import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from './answer.js';
import { type Delivery, deliver, type Reply } from './delivery.js';
import { Received } from './received.js';

/** What a fake does with one request. Empty: it checks the request and answers as the provider documents. */
export interface Behaviour extends Delivery {
  answer?: Answer;
  /** From 400 on: an error answer in the provider's shape, with the provider's usual words for that status. */
  status?: number;
  /** Replaces fields of the `error` object. */
  error?: Record<string, unknown>;
  /** Added to the provider's usual headers, or in their place. */
  headers?: Record<string, string>;
  /** Sent instead of the body that `answer` would make. */
  body?: string | Buffer;
  /** Events sent instead of those that `answer` would make: SSE, lines of NDJSON, or binary messages. */
  events?: Iterable<string | Buffer>;
  /** After so many events, an error event of the provider's own kind, and the end. */
  errorAfterEvents?: number;
}

type Respond = (request: Received, behaviour: Behaviour, number: number) => Reply;

/** A provider on a loopback port that does what a test told it, and remembers what it was sent. */
export interface FakeProvider {
  /** Origin, without a path. */
  readonly url: string;
  readonly port: number;
  /** In the order their heads arrived. */
  readonly received: Received[];
  /** One behaviour for each of the next requests. */
  next(...behaviours: Behaviour[]): void;
  /** Behaviour of requests with this credential, before the queue is looked at; null takes it back. */
  forKey(key: string, behaviour: Behaviour | null): void;
  /** Behaviour when the queue is empty. */
  always(behaviour: Behaviour): void;
  /** The n-th request since the last `reset`, counted from 1, once its head is here. */
  request(n?: number): Promise<Received>;
  /** Forgets requests and behaviours; connections stay. */
  reset(): void;
  close(): Promise<void>;
}

export async function startProvider(respond: Respond): Promise<FakeProvider> {
  let queue: Behaviour[] = [];
  let usual: Behaviour = {};
  const keyed = new Map<string, Behaviour>();
  const received: Received[] = [];
  let waiting: (() => void)[] = [];
  let served = 0;
  const failures: unknown[] = [];

  const server = createServer((request, response) => {
    const record = new Received(request, response);
    response.on('error', () => undefined);
    const behaviour = keyed.get(record.key) ?? queue.shift() ?? usual;
    served += 1;
    const number = served;
    received.push(record);
    for (const wake of waiting.splice(0)) wake();
    record.complete
      .then(() => deliver(response, respond(record, behaviour, number), behaviour, record))
      .catch((error: unknown) => {
        failures.push(error);
        response.destroy();
      });
  });
  // Idle connections must not be closed under the gateway's feet: that race is not what these tests are about.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}`,
    port,
    received,
    next: (...behaviours) => void queue.push(...behaviours),
    forKey(key, behaviour) {
      if (behaviour === null) keyed.delete(key);
      else keyed.set(key, behaviour);
    },
    always(behaviour) {
      usual = behaviour;
    },
    async request(n = 1) {
      const deadline = Date.now() + 30_000;
      for (;;) {
        const found = received[n - 1];
        if (found !== undefined) return found;
        if (Date.now() > deadline)
          throw new Error(`the fake saw ${received.length} requests, request ${n} never came`);
        await Promise.race([new Promise<void>((resolve) => waiting.push(resolve)), sleep(100)]);
      }
    },
    reset() {
      queue = [];
      usual = {};
      keyed.clear();
      received.length = 0;
      waiting = [];
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      if (failures.length > 0) throw failures[0];
    },
  };
}
