import { setTimeout as sleep } from 'node:timers/promises';
import { type ClientOptions, WebSocket } from 'ws';

type Event = Record<string, unknown>;

/** A client's WebSocket that remembers all that came. */
export class Client {
  readonly received: { data: Buffer; binary: boolean }[] = [];
  readonly pings: string[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  private read = 0;

  constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer, binary) => this.received.push({ data, binary }));
    socket.on('ping', (data: Buffer) => this.pings.push(data.toString()));
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason: Buffer) => resolve({ code, reason: reason.toString() }));
    });
  }

  send(event: object): void {
    this.socket.send(JSON.stringify(event));
  }

  /** The next event of that type; those before it are passed by. */
  async event(type: string): Promise<Event> {
    const deadline = Date.now() + 30_000;
    for (;;) {
      while (this.read < this.received.length) {
        const one = this.received[this.read++];
        const event = parsed(one?.data);
        if (event?.['type'] === type) return event;
      }
      if (Date.now() > deadline)
        throw new Error(
          `no ${type}; there were ${this.received.map(({ data }) => data.toString().slice(0, 200))}`,
        );
      await sleep(5);
    }
  }
}

interface Asked {
  url: string;
}

export interface Handshake {
  headers?: Record<string, string>;
  protocols?: string[];
  options?: ClientOptions;
}

/** Opens a WebSocket, or fails with a {@link Refused}. */
export function connect(
  gateway: Asked,
  path: string,
  { headers, protocols, options }: Handshake = {},
): Promise<Client> {
  const socket = new WebSocket(gateway.url.replace(/^http/, 'ws') + path, protocols ?? [], {
    headers: headers ?? {},
    ...options,
  });
  const client = new Client(socket);
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(client));
    socket.once('error', reject);
    socket.once('unexpected-response', (_, response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        reject(new Refused(response.statusCode ?? 0, response.headers, body));
        socket.terminate();
      });
    });
  });
}

/** A handshake that was answered with HTTP. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly headers: Record<string, unknown>,
    readonly body: string,
  ) {
    super(`refused with ${status}: ${body}`);
  }

  /** The error of its JSON body. */
  get error(): Event {
    return (JSON.parse(this.body) as { error: Event }).error;
  }
}

export async function refusal(connecting: Promise<Client>): Promise<Refused> {
  const outcome = await connecting.catch((error: unknown) => error);
  if (outcome instanceof Refused) return outcome;
  throw new Error(`was not refused: ${String(outcome)}`);
}

function parsed(data: Buffer | undefined): Event | null {
  try {
    return JSON.parse(String(data)) as Event;
  } catch {
    return null;
  }
}
