import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { performance } from 'node:perf_hooks';

/** One request as the fake saw it, from its head on; the body grows while it arrives. */
export class Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  /** Milliseconds of `performance.now()` when the head had arrived. */
  readonly at = performance.now();
  /** When the peer closed before the answer was out, else null. */
  goneAt: number | null = null;
  /** Body bytes handed to the connection, and whole events among them. */
  bytesSent = 0;
  eventsSent = 0;
  /** Resolves with the time the peer closed early; never when the answer went out whole. */
  readonly gone: Promise<number>;
  /** Resolves when the whole body has arrived. */
  readonly complete: Promise<void>;
  readonly #chunks: Buffer[] = [];
  readonly #aborter = new AbortController();

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.method = request.method ?? '';
    this.url = request.url ?? '';
    this.headers = request.headers;
    this.rawHeaders = request.rawHeaders;
    this.complete = new Promise((resolve) => {
      request.on('data', (chunk: Buffer) => this.#chunks.push(chunk));
      request.on('end', () => resolve());
      request.on('error', () => undefined);
    });
    this.gone = new Promise((resolve) => {
      const left = (): void => {
        // Whichever comes first: a FIN while our writes are blocked shows as `end` long before `close`.
        if (this.goneAt !== null || response.writableFinished) return;
        this.goneAt = performance.now();
        this.#aborter.abort();
        resolve(this.goneAt);
      };
      const { socket } = request;
      socket.on('end', left);
      response.on('close', () => {
        left();
        socket.off('end', left);
      });
    });
  }

  get signal(): AbortSignal {
    return this.#aborter.signal;
  }

  get body(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  /** The body as a JSON object; throws when it is not one. */
  json(): Record<string, unknown> {
    const value: unknown = JSON.parse(this.body.toString('utf8'));
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new Error('not a JSON object');
    return value as Record<string, unknown>;
  }

  /** The credential, from whichever header carries it. */
  get key(): string {
    const bearer = /^Bearer (.+)$/i.exec(this.headers.authorization ?? '')?.[1];
    const plain = this.headers['x-api-key'] ?? this.headers['x-goog-api-key'];
    return bearer ?? (typeof plain === 'string' ? plain : '');
  }
}
