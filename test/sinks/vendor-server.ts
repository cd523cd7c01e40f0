import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { freePort } from '../e2e/free-port.js';

/** A request as a vendor sees it; the body without its compression. */
export interface Received {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface VendorServer {
  readonly url: string;
  readonly received: Received[];
  /** What is answered from now on; `'cut'` ends the connection without a word. */
  answer: (request: Received) => Answer | 'cut' | Promise<Answer | 'cut'>;
  close(): Promise<void>;
}

/** A vendor that writes down what it is told and answers what the test says. @param given its port; a free one when left out */
export async function startVendor(given = 0): Promise<VendorServer> {
  const port = given === 0 ? await freePort() : given;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const given = Buffer.concat(chunks);
      const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(given) : given;
      const { method = '', url: path = '', headers } = request;
      const received = { method, path, headers, body };
      vendor.received.push(received);
      void Promise.resolve(vendor.answer(received)).then((answer) => {
        if (answer === 'cut') request.socket.destroy();
        else response.writeHead(answer.status, answer.headers).end(answer.body);
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const vendor: VendorServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received: [],
    answer: () => ({ status: 200 }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return vendor;
}
