import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a request came to, of whose body only length and hash are kept. */
export interface Swallowed {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  bytes: number;
  sha256: string;
  /** The body ended as it should. */
  complete: boolean;
}

/** An upstream that takes bodies of any size without keeping them. */
export interface Swallowing {
  readonly url: string;
  readonly ended: Swallowed[];
  /** Bytes that have come so far, of all requests. */
  readonly taken: number;
  /** How it reads: not at all while `false`. */
  reading: boolean;
  /** In place of the usual answer, as soon as the head is there. */
  answer: ((request: IncomingMessage, response: ServerResponse) => void) | null;
  close(): Promise<void>;
}

export async function startSwallowing(): Promise<Swallowing> {
  const ended: Swallowed[] = [];
  const open = new Set<IncomingMessage>();
  let taken = 0;
  let reading = true;
  let answer: Swallowing['answer'] = null;
  const server = createServer((request, response) => {
    open.add(request);
    const hash = createHash('sha256');
    let bytes = 0;
    const over = (complete: boolean): void => {
      if (!open.delete(request)) return;
      const { method = '', url = '', headers } = request;
      ended.push({ method, url, headers, bytes, sha256: complete ? hash.digest('hex') : '', complete });
    };
    response.on('error', () => undefined);
    request.on('error', () => over(false));
    request.on('close', () => over(request.complete));
    if (answer !== null) {
      answer(request, response);
      return;
    }
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      taken += chunk.length;
      hash.update(chunk);
    });
    if (!reading) request.pause();
    request.on('end', () => {
      over(true);
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ id: 'file-swallowed1', bytes }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    ended,
    get taken() {
      return taken;
    },
    get reading() {
      return reading;
    },
    set reading(value) {
      reading = value;
      for (const request of open) value ? request.resume() : request.pause();
    },
    get answer() {
      return answer;
    },
    set answer(value) {
      answer = value;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
