// A server of the newest revision of the protocol alone (2026-07-28), made with the reference library.
// Over its standard input and output, or with PORT over HTTP.
import { createServer } from 'node:http';
import { createMcpHandler, inputRequired, McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { z } from 'zod';

const factory = () => {
  const server = new McpServer(
    { name: 'modern', version: '2.0.0' },
    { capabilities: { tools: { listChanged: true } } },
  );
  server.registerTool(
    'add',
    {
      description: 'Adds',
      inputSchema: z.object({ a: z.number(), b: z.number() }),
      outputSchema: z.object({ sum: z.number() }),
    },
    async ({ a, b }) => ({
      content: [{ type: 'text', text: String(a + b) }],
      structuredContent: { sum: a + b },
    }),
  );
  server.registerTool(
    'confirm',
    { description: 'Asks first', inputSchema: z.object({ what: z.string() }) },
    async ({ what }, { mcpReq }) => {
      const sure = mcpReq.inputResponses?.['sure'];
      if (sure !== undefined)
        return { content: [{ type: 'text', text: JSON.stringify([what, sure, mcpReq.requestState()]) }] };
      const requestedSchema = { type: 'object', properties: { yes: { type: 'boolean' } } };
      return inputRequired({
        inputRequests: { sure: inputRequired.elicit({ message: `Really ${what}?`, requestedSchema }) },
        requestState: `about ${what}`,
      });
    },
  );
  return server;
};

const port = process.env['PORT'];
if (port === undefined) serveStdio(factory, { legacy: 'reject' });
else {
  const handler = createMcpHandler(factory, { legacy: 'reject' });
  createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const answer = await handler.fetch(
      new Request(`http://127.0.0.1:${port}${request.url}`, {
        method: request.method,
        headers: Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
        ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
      }),
    );
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    if (answer.body === null) response.end();
    else {
      for await (const chunk of answer.body) response.write(chunk);
      response.end();
    }
  }).listen(Number(port), '127.0.0.1');
}
