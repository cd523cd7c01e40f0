import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { type ReadMetric, readMetrics } from './otlp-proto.js';

export interface Pushed {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly resource: Readonly<Record<string, string>>;
  readonly metrics: readonly ReadMetric[];
}

export interface Collector {
  readonly url: string;
  readonly pushed: Pushed[];
  /** What is answered from now on. */
  answer: { status: number; headers?: Record<string, string>; body?: Uint8Array };
  close(): Promise<void>;
}

/** A collector as https://opentelemetry.io/docs/specs/otlp/#otlphttp-request describes it, for metrics in protobuf. */
export async function startCollector(): Promise<Collector> {
  const pushed: Pushed[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const given = Buffer.concat(chunks);
      const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(given) : given;
      // Traces have readers of their own.
      if (request.url?.endsWith('/v1/traces') !== true)
        pushed.push({ path: request.url ?? '', headers: request.headers, ...readMetrics(body) });
      const { status, headers = {}, body: said = new Uint8Array() } = collector.answer;
      response.writeHead(status, { 'content-type': 'application/x-protobuf', ...headers }).end(said);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const collector: Collector = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    pushed,
    answer: { status: 200 },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return collector;
}
