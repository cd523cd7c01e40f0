import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';

/** What a guard lets in as, or why it does not. */
export type Verdict = { readonly who: string } | Response;

export interface GuardedServer {
  readonly url: string;
  /** Of every request, in order. */
  readonly seen: Request[];
  /** Whom it lets in; may be replaced while it runs. */
  guard: (request: Request, body: string) => Verdict | Promise<Verdict>;
  /** What it has beside the protocol; null for what it has not. */
  other: (request: Request) => Response | null;
  close(): Promise<void>;
}

/** A real MCP server over HTTP, of all revisions, whose tools say who it takes its caller for. */
export async function startGuarded(path = '/mcp', port = 0): Promise<GuardedServer> {
  const seen: Request[] = [];
  const server = createServer((incoming, outgoing) => {
    answer(incoming).then(
      async (response) => {
        outgoing.writeHead(response.status, Object.fromEntries(response.headers));
        for await (const chunk of response.body ?? []) outgoing.write(chunk);
        outgoing.end();
      },
      () => outgoing.destroy(),
    );
  });
  const state: Pick<GuardedServer, 'guard' | 'other'> = {
    guard: () => ({ who: 'anybody' }),
    other: () => null,
  };

  async function answer(incoming: IncomingMessage): Promise<Response> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const request = new Request(`http://${incoming.headers.host}${incoming.url}`, {
      method: incoming.method ?? 'GET',
      headers: incoming.headers as Record<string, string>,
      ...(body !== '' && { body }),
    });
    const described = state.other(request);
    if (described !== null) return described;
    seen.push(request);
    if (new URL(request.url).pathname !== path) return new Response('nothing here', { status: 404 });
    const verdict = await state.guard(request, body);
    if (verdict instanceof Response) return verdict;
    const handler = createMcpHandler(() => toolsFor(verdict.who, request));
    return handler.fetch(request.clone());
  }

  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
  return Object.assign(state, {
    url,
    seen,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}

/** Tools that depend on who asks; one repeats what the request came with, as no server should. */
function toolsFor(who: string, request: Request): McpServer {
  const mcp = new McpServer({ name: 'guarded', version: '1' });
  const text = (said: string) => ({ content: [{ type: 'text' as const, text: said }] });
  mcp.registerTool(
    'whoami',
    { description: `Says who ${who} is`, annotations: { readOnlyHint: true } },
    async () => text(who),
  );
  mcp.registerTool(
    'repeat',
    { description: 'Says what it was told', inputSchema: z.object({ header: z.string() }) },
    async ({ header }) => text(`you sent: ${request.headers.get(header)}`),
  );
  mcp.registerTool(`only_${who.replace(/\W/g, '_')}`, { description: 'Of one alone' }, async () =>
    text('yes'),
  );
  mcp.registerResource('self', 'guarded://self', {}, async () => ({
    contents: [{ uri: 'guarded://self', text: who }],
  }));
  return mcp;
}

/** Takes whoever has one of these in a header; others get 401. */
export const byHeader =
  (name: string, known: Readonly<Record<string, string>>): GuardedServer['guard'] =>
  (request) => {
    const who = known[request.headers.get(name) ?? ''];
    return who === undefined ? new Response('who are you?', { status: 401 }) : { who };
  };
