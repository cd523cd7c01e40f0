import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { UpstreamCall, UpstreamSink } from '@headgate/sdk';
import { MockTransport } from './transport.js';

const bodyLimit = 64 * 1024 * 1024;

export interface MockServer {
  /** The port that was taken, when 0 was asked for. */
  port: number;
  close(): Promise<void>;
}

/**
 * Serves the mock over HTTP: `/v1/chat/completions`, `/v1/completions`, `/v1/embeddings`, `/v1/models`,
 * `/v1/messages`, `/v1/messages/count_tokens`. Any key is accepted. Rejects when the port is taken.
 */
export async function startMockServer(options: { port: number; host?: string }): Promise<MockServer> {
  const transport = new MockTransport();
  const server = createServer((request, response) => receive(transport, request, response));
  await new Promise<void>((listening, failed) => {
    server.once('error', failed);
    server.listen(options.port, options.host ?? '127.0.0.1', listening);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      await transport.close();
      const closed = new Promise<void>((done) => server.close(() => done()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function receive(transport: MockTransport, request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  let length = 0;
  request.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > bodyLimit) {
      response.writeHead(413, { connection: 'close' }).end();
      request.destroy();
      return;
    }
    chunks.push(chunk);
  });
  request.on('end', () => answer(transport, request, Buffer.concat(chunks), response));
}

function answer(
  transport: MockTransport,
  request: IncomingMessage,
  body: Buffer,
  response: ServerResponse,
): void {
  const headers: string[] = [];
  for (const [name, value] of Object.entries(request.headers))
    if (typeof value === 'string') headers.push(name, value);
  const sink: UpstreamSink = {
    head(status, list) {
      response.writeHead(status, list);
      response.flushHeaders();
    },
    data: (chunk) => response.write(chunk),
    end: () => response.end(),
    // The client must see a broken connection, not a short answer that ends well.
    error: () => response.destroy(),
  };
  const method = request.method ?? 'GET';
  const call: UpstreamCall = transport.dispatch({ method, path: request.url ?? '/', headers, body }, sink);
  response.on('drain', () => call.resume());
  response.on('close', () => call.abort());
}
