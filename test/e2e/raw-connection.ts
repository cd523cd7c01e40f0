import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface RawAnswer {
  status: number;
  /** Lower-case names; the last one wins. */
  headers: Record<string, string>;
  body: string;
}

/** A connection whose every byte the test writes itself. */
export class RawConnection {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  ended = false;
  #unread = Buffer.alloc(0);

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.setNoDelay(true);
    this.socket.on('data', (chunk: Buffer) => {
      this.#unread = Buffer.concat([this.#unread, chunk]);
    });
    this.socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      const over = (): void => {
        this.ended = true;
        resolve();
      };
      this.socket.on('end', over);
      this.socket.on('close', over);
    });
  }

  send(...parts: (string | Buffer)[]): this {
    for (const part of parts) this.socket.write(part);
    return this;
  }

  /** Bytes that arrived and belong to no answer read so far. */
  get unread(): Buffer {
    return this.#unread;
  }

  /** Waits until this text has arrived. */
  async until(text: string, waitMs = 5_000): Promise<void> {
    const deadline = Date.now() + waitMs;
    while (!this.#unread.includes(text)) {
      if (this.ended || Date.now() > deadline) {
        throw new Error(`"${text}" never came; so far: ${this.#unread.toString('latin1').slice(0, 500)}`);
      }
      await sleep(5);
    }
  }

  /** The next whole answer, or null when the connection ended without one. `head`: the answer has no body. */
  async answer(options: { head?: boolean; waitMs?: number } = {}): Promise<RawAnswer | null> {
    const deadline = Date.now() + (options.waitMs ?? 5_000);
    for (;;) {
      const found = this.#parse(options.head === true);
      if (found !== null) return found;
      if (this.ended) return null;
      if (Date.now() > deadline) {
        throw new Error(`no whole answer came; so far: ${this.#unread.toString('latin1').slice(0, 500)}`);
      }
      await sleep(5);
    }
  }

  #parse(head: boolean): RawAnswer | null {
    const end = this.#unread.indexOf('\r\n\r\n');
    if (end < 0) return null;
    const [first = '', ...lines] = this.#unread.toString('latin1', 0, end).split('\r\n');
    const headers = Object.fromEntries(
      lines.map((line) => [
        line.slice(0, line.indexOf(':')).toLowerCase(),
        line.slice(line.indexOf(':') + 1).trim(),
      ]),
    );
    const status = Number(first.split(' ')[1]);
    const rest = this.#unread.subarray(end + 4);
    const bare = head || status === 204 || status === 304;
    const framed = bare ? { body: '', used: 0 } : bodyOf(headers, rest, this.ended);
    if (framed === null) return null;
    this.#unread = Buffer.from(rest.subarray(framed.used));
    return { status, headers, body: framed.body };
  }

  destroy(): void {
    this.socket.destroy();
  }
}

function bodyOf(
  headers: Record<string, string>,
  rest: Buffer,
  ended: boolean,
): { body: string; used: number } | null {
  const length = headers['content-length'];
  if (length !== undefined) {
    const bytes = Number(length);
    return rest.length < bytes ? null : { body: rest.toString('utf8', 0, bytes), used: bytes };
  }
  if (headers['transfer-encoding'] === 'chunked') return dechunk(rest);
  return ended ? { body: rest.toString('utf8'), used: rest.length } : null;
}

function dechunk(rest: Buffer): { body: string; used: number } | null {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const line = rest.indexOf('\r\n', at);
    if (line < 0) return null;
    const size = Number.parseInt(rest.toString('latin1', at, line), 16);
    const end = line + 2 + size + 2;
    if (rest.length < end) return null;
    if (size === 0) return { body: Buffer.concat(parts).toString('utf8'), used: end };
    parts.push(rest.subarray(line + 2, line + 2 + size));
    at = end;
  }
}

/** The text of a request with a JSON body; `more` are further header lines. */
export function rawPost(path: string, body: string | Buffer, more: string[] = []): Buffer {
  const bytes = Buffer.from(body);
  const head = [
    `POST ${path} HTTP/1.1`,
    'host: 127.0.0.1',
    'content-type: application/json',
    `content-length: ${bytes.length}`,
    ...more,
  ].join('\r\n');
  return Buffer.concat([Buffer.from(`${head}\r\n\r\n`), bytes]);
}
