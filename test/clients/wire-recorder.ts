import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Recorded {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string;
}

export interface WireRecorder {
  readonly url: string;
  /** What came since the last time this was asked. */
  taken(): Recorded[];
  /** Every answer is an error of this status until told otherwise; 0 for none. */
  fail(status: number): void;
  close(): Promise<void>;
}

const NOISE = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
/** About one connection, or put there by `fetch` itself. */
const PASSING = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'accept-encoding',
  'sec-fetch-mode',
]);

/** A server that answers whatever it is asked as either provider's API might, and writes down what came. */
export async function startWireRecorder(): Promise<WireRecorder> {
  let recorded: Recorded[] = [];
  let failure = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      recorded.push(record(request, Buffer.concat(chunks)));
      if (failure !== 0) fails(response, failure);
      else answers(request, response, url);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    taken() {
      const taken = recorded;
      recorded = [];
      return taken;
    },
    fail(status) {
      failure = status;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function record(request: IncomingMessage, body: Buffer): Recorded {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers))
    if (!PASSING.has(name)) headers[name] = String(value);
  // Anthropic takes a key in either header; its SDK writes the one, Headgate the other.
  const key = headers['authorization'];
  if (key?.startsWith('Bearer sk-ant-')) {
    delete headers['authorization'];
    headers['x-api-key'] = key.slice('Bearer '.length);
  }
  const boundary = /boundary=(\S+)/.exec(headers['content-type'] ?? '')?.[1];
  const same = (text: string): string =>
    boundary === undefined ? text : text.replaceAll(boundary, 'BOUNDARY');
  if (boundary !== undefined) headers['content-type'] = same(headers['content-type'] ?? '');
  return {
    method: request.method ?? '',
    url: request.url ?? '',
    headers,
    body: same(body.toString('latin1')),
  };
}

function answers(request: IncomingMessage, response: ServerResponse, url: string): void {
  const path = request.url ?? '';
  const accept = request.headers.accept ?? '';
  if (/\/results(\?|$)/.test(path)) {
    response.setHeader('content-type', 'application/x-jsonl');
    response.end('{"custom_id":"a"}\n{"custom_id":"b"}\n');
  } else if (/binary|octet-stream/.test(accept) || /\/(content|speech)(\?|$)/.test(path)) {
    response.setHeader('content-type', 'application/octet-stream');
    response.end(NOISE);
  } else if (/\/stream(\?|$)/.test(path)) {
    response.setHeader('content-type', 'text/event-stream');
    response.end('event: message\ndata: {"type":"message","n":1}\n\n');
  } else {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(object(url)));
  }
}

/** Something of what every kind of object has. */
function object(url: string): object {
  return {
    id: 'thing_1',
    object: 'thing',
    type: 'thing',
    data: [{ id: 'thing_2', text: 'grün' }],
    has_more: false,
    results_url: `${url}/v1/messages/batches/thing_1/results`,
  };
}

function fails(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-type': 'application/json', 'x-should-retry': 'false' });
  const error = { type: 'not_found_error', message: `made up for ${status}`, code: 'made_up', param: 'x' };
  response.end(JSON.stringify({ type: 'error', error }));
}
