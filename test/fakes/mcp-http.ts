import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server of the Model Context Protocol over HTTP by hand, for what no library would do. */
export interface FakeMcp {
  readonly url: string;
  readonly requests: number;
  /** Sessions that are open. */
  readonly sessions: number;
  /** What requests came with, in order. */
  readonly came: readonly { readonly authorization: string; readonly tenant: string }[];
  /** What it wants as bearer; '' nothing. */
  token: string;
  /** As after a restart. */
  forget(): void;
  close(): Promise<void>;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly name?: string; readonly arguments?: { readonly say?: string } };
}

const TOOLS = ['echo', 'stream', 'huge', 'huge-stream', 'cut', 'ends-without', 'html'];
const MEGABYTE = 'x'.repeat(1024 * 1024);

export async function startFakeMcp(): Promise<FakeMcp> {
  const sessions = new Set<string>();
  const came: { authorization: string; tenant: string }[] = [];
  let requests = 0;
  const state = { token: '' };

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    requests++;
    came.push({
      authorization: request.headers.authorization ?? '',
      tenant: String(request.headers['x-tenant'] ?? ''),
    });
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? '/', 'http://fake');
    if (url.pathname === '/moved') {
      response.writeHead(307, { location: url.searchParams.get('to') ?? '' }).end();
      return;
    }
    if (state.token !== '' && request.headers.authorization !== `Bearer ${state.token}`) {
      response.writeHead(401).end('no');
      return;
    }
    if (request.method === 'DELETE') {
      sessions.delete(String(request.headers['mcp-session-id']));
      response.writeHead(204).end();
      return;
    }
    if (request.method !== 'POST') {
      response.writeHead(405).end();
      return;
    }
    const message = JSON.parse(Buffer.concat(chunks).toString()) as Message;
    answer(message, request, response);
  }

  function answer({ id, method, params }: Message, request: IncomingMessage, response: ServerResponse): void {
    const known = request.headers['mcp-session-id'];
    const json = (body: object, headers = {}): void => {
      response.writeHead(200, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify({ jsonrpc: '2.0', id, ...body }));
    };
    if (method === 'initialize') {
      const session = randomUUID();
      sessions.add(session);
      const result = {
        protocolVersion: '2025-06-18',
        capabilities: { tools: {} },
        serverInfo: { name: 'fake', version: '1' },
      };
      json({ result }, { 'mcp-session-id': session });
    } else if (method === 'server/discover') json({ error: { code: -32601, message: 'Method not found' } });
    else if (!sessions.has(String(known))) response.writeHead(404).end();
    else if (id === undefined) response.writeHead(202).end();
    else if (method === 'tools/list')
      json({ result: { tools: TOOLS.map((name) => ({ name, inputSchema: { type: 'object' } })) } });
    else if (method === 'tools/call')
      callTool(id, params?.name ?? '', params?.arguments?.say ?? '', response, json);
    else json({ error: { code: -32601, message: 'Method not found' } });
  }

  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.defineProperties(state, {
    url: { value: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
    requests: { get: () => requests },
    forget: { value: () => sessions.clear() },
    sessions: { get: () => sessions.size },
    came: { value: came },
    close: {
      value: () =>
        new Promise<void>((resolve) => {
          server.close(() => resolve());
          server.closeAllConnections();
        }),
    },
  }) as unknown as FakeMcp;
}

function callTool(
  id: number,
  name: string,
  say: string,
  response: ServerResponse,
  json: (body: object) => void,
): void {
  const result = { content: [{ type: 'text', text: say }] };
  const stream = (): void => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(': hello\n\n');
  };
  switch (name) {
    case 'echo':
      json({ result });
      return;
    case 'stream':
      stream();
      response.end(`event: message\r\ndata: ${JSON.stringify({ jsonrpc: '2.0', id, result })}\r\n\r\n`);
      return;
    case 'huge':
      response.writeHead(200, { 'content-type': 'application/json' });
      pour(response, '{"jsonrpc":"2.0","result":{"content":[{"type":"text","text":"');
      return;
    case 'huge-stream':
      stream();
      pour(response, 'data: {"jsonrpc":"2.0","result":{"content":[{"type":"text","text":"');
      return;
    case 'cut':
      stream();
      setTimeout(() => response.destroy(), 50);
      return;
    case 'ends-without':
      stream();
      response.end();
      return;
    case 'html':
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end('<html>');
  }
}

/** 100 MB, as fast as they are taken. */
function pour(response: ServerResponse, start: string): void {
  response.write(start);
  let left = 100;
  const more = (): void => {
    while (left-- > 0 && !response.destroyed) if (!response.write(MEGABYTE)) break;
    if (left > 0) response.once('drain', more);
    else response.end();
  };
  more();
}
