import { readFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { type WebSocket, WebSocketServer } from 'ws';

interface Refusal {
  status: number;
  body: string;
  headers?: Record<string, string>;
}

/** One WebSocket as the fake provider sees it. */
export class FakeConnection {
  /** Text messages as text, binary ones as they are. */
  readonly received: (string | Buffer)[] = [];
  readonly pings: string[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  private readonly wakers: (() => void)[] = [];

  constructor(
    readonly url: string,
    readonly headers: IncomingHttpHeaders,
    readonly socket: WebSocket,
    onMessage: (connection: FakeConnection, event: Record<string, unknown>) => void,
  ) {
    socket.on('message', (data: Buffer, binary) => {
      const text = data.toString('utf8');
      this.received.push(binary ? data : text);
      for (const wake of this.wakers.splice(0)) wake();
      try {
        onMessage(this, JSON.parse(text) as Record<string, unknown>);
      } catch {
        // No event.
      }
    });
    socket.on('ping', (data: Buffer) => this.pings.push(data.toString()));
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason: Buffer) => resolve({ code, reason: reason.toString() }));
    });
  }

  send(event: object): void {
    this.socket.send(JSON.stringify(event));
  }

  /** Waits until so many messages have come. */
  async messages(count: number): Promise<(string | Buffer)[]> {
    const deadline = Date.now() + 30_000;
    while (this.received.length < count) {
      if (Date.now() > deadline)
        throw new Error(`the fake has ${this.received.length} messages, not ${count}`);
      await Promise.race([new Promise<void>((resolve) => this.wakers.push(resolve)), sleep(100)]);
    }
    return this.received;
  }

  event(index: number): Record<string, unknown> {
    return JSON.parse(String(this.received[index])) as Record<string, unknown>;
  }
}

export interface FakeRealtime {
  /** Origin, without a path. */
  readonly url: string;
  readonly connections: FakeConnection[];
  /** The n-th connection since the start, counted from 1. */
  connection(n?: number): Promise<FakeConnection>;
  /** The next handshakes are refused so. */
  refuse(...refusals: Refusal[]): void;
  /** The next handshakes are never answered. */
  ignore(count: number): void;
  close(): Promise<void>;
}

export interface FakeOptions {
  /** Paths of PEM files: speak TLS. */
  tls?: { cert: string; key: string };
  /** Answers requests that are no handshake; refused without. */
  respond?: (request: IncomingMessage, response: ServerResponse) => void;
  /** What the provider says first, and to each event of the client. */
  greet?: (connection: FakeConnection) => void;
  answer?: (connection: FakeConnection, event: Record<string, unknown>) => void;
}

/** A provider's WebSocket on a loopback port. */
export async function startFakeRealtime(options: FakeOptions = {}): Promise<FakeRealtime> {
  const refuse =
    options.respond ??
    ((_: IncomingMessage, response: ServerResponse): void =>
      void response.writeHead(426).end('Upgrade Required'));
  const { tls } = options;
  const server =
    tls === undefined
      ? createServer(refuse)
      : createSecureServer({ cert: readFileSync(tls.cert), key: readFileSync(tls.key) }, refuse);
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 512 * 1024 ** 2 });
  const connections: FakeConnection[] = [];
  const refusals: Refusal[] = [];
  const raw = new Set<Duplex>();
  let ignored = 0;
  server.on('upgrade', (request, socket, head) => {
    raw.add(socket);
    socket.on('error', () => undefined);
    if (ignored > 0) {
      ignored--;
      return;
    }
    const refusal = refusals.shift();
    if (refusal !== undefined) {
      const headers = { 'content-type': 'application/json', connection: 'close', ...refusal.headers };
      const lines = Object.entries({ ...headers, 'content-length': String(Buffer.byteLength(refusal.body)) });
      const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
      socket.end(`HTTP/1.1 ${refusal.status} Refused\r\n${head}\r\n${refusal.body}`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (ws) => {
      const connection = new FakeConnection(
        request.url ?? '',
        request.headers,
        ws,
        options.answer ?? (() => {}),
      );
      connections.push(connection);
      options.greet?.(connection);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    connections,
    async connection(n = 1) {
      const deadline = Date.now() + 30_000;
      for (;;) {
        const found = connections[n - 1];
        if (found !== undefined) return found;
        if (Date.now() > deadline)
          throw new Error(`the fake has ${connections.length} connections, not ${n}`);
        await sleep(10);
      }
    },
    refuse: (...more) => void refusals.push(...more),
    ignore(count) {
      ignored += count;
    },
    async close() {
      for (const socket of raw) socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
