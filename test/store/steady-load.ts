import { connect, type Socket } from 'node:net';

/** An answer that a client had in full. */
export interface Completed {
  readonly id: string;
  /** When it had all of it, milliseconds on the monotonic clock. */
  readonly at: number;
}

const ID = /x-headgate-request-id: (\S+)/;
const LENGTH = /content-length: (\d+)/i;
const TICK_MS = 2;

const request = (stream: boolean): string => {
  const messages = [{ role: 'user', content: 'Hello' }];
  const body = JSON.stringify({ model: 'mock/hello', stream, messages });
  const head = 'POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n';
  return `${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
};
const WHOLE = request(false);
const STREAM = request(true);

/** One keep-alive connection. It does only what it must, so that the load costs the machine little. */
class Client {
  private text = '';
  private told = false;
  private sent = 0;
  private readonly socket: Socket;

  constructor(
    port: number,
    private readonly done: (one: Completed) => void,
    private readonly free: (client: Client) => void,
    failed: (why: string) => void,
  ) {
    this.socket = connect(port, '127.0.0.1', () => free(this));
    this.socket.setNoDelay(true).setEncoding('latin1');
    this.socket.on('data', (piece: string) => this.read(piece));
    this.socket.on('error', (error) => failed(error.message));
  }

  send(): void {
    this.socket.write(++this.sent % 4 === 0 ? STREAM : WHOLE);
  }

  end(): void {
    this.socket.destroy();
  }

  private read(piece: string): void {
    this.text += piece;
    const head = this.text.indexOf('\r\n\r\n');
    if (head < 0) return;
    if (!this.text.startsWith('HTTP/1.1 200')) throw new Error(`not answered: ${this.text}`);
    const length = LENGTH.exec(this.text)?.[1];
    // A client of a stream takes its last event for its end.
    const whole =
      length === undefined
        ? this.text.includes('data: [DONE]')
        : this.text.length >= head + 4 + Number(length);
    if (whole && !this.told) {
      this.told = true;
      this.done({ id: ID.exec(this.text)?.[1] ?? '', at: performance.now() });
    }
    if (!whole || (length === undefined && !this.text.endsWith('0\r\n\r\n'))) return;
    this.text = '';
    this.told = false;
    this.free(this);
  }
}

/** Asks that many times a second, as far as the gateway keeps up; a quarter of the answers are streams. */
export class SteadyLoad {
  readonly done: Completed[] = [];
  private readonly free: Client[] = [];
  private readonly clients: Client[];
  private readonly timer: NodeJS.Timeout;
  private readonly began = performance.now();
  private started = 0;
  private over = false;

  constructor(port: number, rate: number, clients: number) {
    this.clients = Array.from(
      { length: clients },
      () =>
        new Client(
          port,
          (one) => this.done.push(one),
          (client) => this.free.push(client),
          (why) => {
            if (!this.over) throw new Error(why);
          },
        ),
    );
    this.timer = setInterval(() => {
      const due = ((performance.now() - this.began) * rate) / 1000;
      while (this.started < due && this.free.length > 0) {
        this.started++;
        this.free.shift()?.send();
      }
      // What the gateway could not take is not asked all at once later.
      this.started = Math.max(this.started, Math.floor(due));
    }, TICK_MS);
  }

  /** Sends nothing more; what still arrives counts. */
  stop(): void {
    this.over = true;
    clearInterval(this.timer);
  }

  close(): void {
    for (const client of this.clients) client.end();
  }
}
