import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGateway } from '../../dist/bin/library.js';
import { freePort } from '../e2e/harness.js';
import { type Embedded, embed, until } from '../gateway/embedded.js';
import { newClient, textOf } from './clients.js';
import { callTool, listTools, namesOf } from './servers.js';

const TOKEN = 'sk-api-token-0123456789';
const document = readFileSync(new URL('./openapi/shop.yaml', import.meta.url), 'utf8');

/** An API that says what it was asked, and misbehaves where its path says so. */
let api: Server;
let elsewhere: Server;
let url: string;
let gateway: Embedded;
let folder: string;
let file: string;
const asked: string[] = [];
let cut = 0;

function answer(request: IncomingMessage, response: ServerResponse): void {
  const { method = '', url: target = '', headers } = request;
  asked.push(`${method} ${target}`);
  const [path = ''] = target.split('?');
  let body = '';
  request.on('data', (chunk) => (body += chunk));
  request.on('end', () => {
    const json = (status: number, value: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    };
    if (method === 'HEAD') response.writeHead(404).end();
    else if (path === '/openapi.yaml') response.end(document);
    else if (path.endsWith('/slow')) response.on('close', () => cut++);
    else if (path.endsWith('/large')) json(200, { text: 'x'.repeat(200_000) });
    else if (path.endsWith('/broken')) request.socket.destroy();
    else if (path.endsWith('/moved')) response.writeHead(302, { location: 'found?x=1' }).end();
    else if (path.endsWith('/away'))
      response
        .writeHead(302, { location: `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/` })
        .end();
    else if (path.endsWith('/missing')) json(404, { why: 'there is none', told: headers['authorization'] });
    else
      json(200, {
        method,
        target,
        body,
        key: headers['authorization'] === `Bearer ${TOKEN}`,
        type: headers['content-type'],
      });
  });
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-openapi-'));
  file = join(folder, 'shop.yaml');
  writeFileSync(file, document);
  api = createServer(answer).listen(0, '127.0.0.1');
  elsewhere = createServer((_, response) => response.end(`${asked.push('elsewhere')}`)).listen(
    0,
    '127.0.0.1',
  );
  await Promise.all([api, elsewhere].map((one) => new Promise((resolve) => one.once('listening', resolve))));
  url = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the syntax of the file
  const headers = { Authorization: 'Bearer ${TOKEN}' };
  gateway = await embed({
    env: { TOKEN, API_KEY: 'sk-query-0123456789' },
    config: {
      observability: { log_level: 'error' },
      keys: [
        { name: 'all', value: 'hg-all-0123456789' },
        { name: 'some', value: 'hg-some-0123456789', denied_mcp_tools: ['shop/delete_*'] },
      ],
      mcp: {
        servers: {
          shop: {
            openapi: file,
            base_url: `${url}/v2?api_key=\${API_KEY}`,
            headers,
            denied_tools: ['sendForm'],
            result_limit: '100kb',
            list_ttl: '1ms',
            tools: { createOrder: { price_usd: 0.5 }, delete_orders_id: { timeout: '500ms' } },
          },
          fetched: { openapi: `${url}/openapi.yaml`, base_url: url },
          wrong: { openapi: `${url}/openapi.yaml` },
          gone: { openapi: file, base_url: `http://127.0.0.1:${await freePort()}` },
        },
      },
    },
  });
});
afterAll(async () => {
  await gateway.close();
  api.closeAllConnections();
  api.close();
  elsewhere.close();
  rmSync(folder, { recursive: true, force: true });
});

const key = 'hg-all-0123456789';
const call = (tool: string, args: object, more: object = {}) =>
  callTool(gateway, 'shop', tool, args, { key, ...more });

describe('an API that a document describes', () => {
  it('is a server like others: its operations are tools, with the rules of tools', async () => {
    const all = await listTools(gateway, { key, query: '?server=shop' });
    expect(namesOf(all.data)).toEqual([
      'shop/createOrder',
      'shop/delete_orders_id',
      'shop/getOrder',
      'shop/listOrders',
      'shop/put_notes',
      'shop/sendFiles',
    ]);
    const some = await listTools(gateway, { key: 'hg-some-0123456789', query: '?server=shop' });
    expect(namesOf(some.data)).not.toContain('shop/delete_orders_id');
    const refused = await callTool(
      gateway,
      'shop',
      'delete_orders_id',
      { id: '1' },
      { key: 'hg-some-0123456789' },
    );
    expect(refused).toMatchObject({ status: 403, code: 'mcp_tool_not_allowed' });
    expect(await call('sendForm', { body: {} })).toMatchObject({ status: 404, code: 'mcp_tool_unknown' });
    expect(await call('getOrder', {})).toMatchObject({ status: 400, code: 'mcp_arguments_invalid' });
  });

  it('is asked with the operator’s credentials, and answers with data', async () => {
    const made = await call('createOrder', { body: { item: { name: 'Tea' }, count: 2 } });
    expect(made.status).toBe(200);
    expect(made.body.result).toMatchObject({
      structuredContent: {
        method: 'POST',
        target: '/v2/orders?api_key=sk-query-0123456789',
        body: '{"item":{"name":"Tea"},"count":2}',
        key: true,
        type: 'application/json; charset=utf-8',
      },
    });
    expect(made.body['cost_usd']).toBe('0.5');
  });

  it('says what went wrong as the tool’s own failure, with the status', async () => {
    const missing = await call('getOrder', { id: 'missing' });
    expect(missing).toMatchObject({ status: 200, body: { result: { isError: true } } });
    expect(missing.text).toContain('HTTP 404 Not Found\n{"why":"there is none"');
    expect(await call('getOrder', { id: '..' })).toMatchObject({
      status: 200,
      body: { result: { isError: true } },
    });
    expect(await call('getOrder', { id: 'large' })).toMatchObject({
      status: 502,
      code: 'mcp_result_too_large',
    });
    expect(await call('getOrder', { id: 'broken' })).toMatchObject({ status: 502, code: 'mcp_server_gone' });
  });

  it('is followed to other places of its own, and nowhere else', async () => {
    expect((await call('getOrder', { id: 'moved' })).text).toContain('"target":"/v2/orders/found?x=1"');
    expect((await call('getOrder', { id: 'away' })).text).toContain(
      'HTTP 302 Found (a redirect, which is not followed)',
    );
    expect(asked).not.toContain('elsewhere');
  });

  it('is told to stop when it takes too long or its caller leaves', async () => {
    const before = cut;
    expect(await call('delete_orders_id', { id: 'slow' })).toMatchObject({
      status: 504,
      code: 'mcp_timeout',
    });
    await until('the request is cut off', () => cut === before + 1);
    const leaving = new AbortController();
    const left = call('getOrder', { id: 'slow' }, { signal: leaving.signal }).catch(() => 'left');
    await until('it is asked', () => asked.filter((one) => one.includes('/slow')).length === 2);
    leaving.abort();
    await left;
    await until('the request is cut off', () => cut === before + 2);
  });

  it('that cannot be reached is told so, and costs nothing', async () => {
    const { missing } = await listTools(gateway, { key, query: '?server=gone' });
    expect(missing[0]).toMatchObject({ code: 'mcp_server_unavailable' });
    expect(missing[0]?.message).toContain('ECONNREFUSED');
  });

  it('may have its document at an address, which chooses no other one for its calls', async () => {
    const fetched = await listTools(gateway, { key, query: '?server=fetched' });
    expect(fetched.data).toHaveLength(7);
    const { missing } = await listTools(gateway, { key, query: '?server=wrong' });
    expect(missing[0]?.message).toContain('names an address elsewhere; if that is right, set base_url');
    for (const told of [JSON.stringify(missing), JSON.stringify(fetched)])
      expect(told).not.toContain('sk-query');
  });

  it('is there at /mcp, too', async () => {
    const client = await newClient({ fetch: gateway.fetch, key, path: '/mcp/shop' });
    const result = await client.callTool({ name: 'getOrder', arguments: { id: '7' } });
    expect(textOf(result)).toContain('/v2/orders/7');
    const { tools } = await client.listTools();
    expect(tools.find(({ name }) => name === 'getOrder')?.annotations).toMatchObject({ readOnlyHint: true });
    await client.close();
  });

  it('has other tools when its document changes, and those it had when that is broken', async () => {
    const names = async (): Promise<string[]> =>
      namesOf((await listTools(gateway, { key, query: '?server=shop' })).data);
    writeFileSync(file, document.replace('operationId: getOrder', 'operationId: readOrder'));
    await until('the list has changed', async () => (await names()).includes('shop/readOrder'));
    expect((await call('readOrder', { id: '7' })).text).toContain('/v2/orders/7');
    writeFileSync(file, 'openapi: 3.0.3\npaths: { /a: 7 }');
    expect(await names()).toContain('shop/readOrder');
    writeFileSync(file, document);
    await until('the list has changed', async () => (await names()).includes('shop/getOrder'));
  });
});

it.each([
  [{ openapi: 'nothing.yaml', base_url: 'http://a.example' }, 'there is no such file'],
  [
    { openapi: 'broken.yaml', base_url: 'http://a.example' },
    'its document, line 3, paths["/a"].get.parameters: expected a list of parameters',
  ],
  [{ openapi: 'no-server.yaml' }, 'its document names no address; set base_url'],
  [{ openapi: 'no-server.yaml', command: 'x' }, 'one of "command", "url" and "openapi"'],
  [{ url: 'http://a.example', base_url: 'http://a.example' }, '"base_url" only beside "openapi"'],
  [{ openapi: 'ftp:x', base_url: 'ftp://x' }, 'base_url'],
])('a start with %j is refused', async (server, why) => {
  writeFileSync(join(folder, 'broken.yaml'), 'openapi: 3.0.3\npaths:\n  /a: { get: { parameters: 7 } }\n');
  writeFileSync(join(folder, 'no-server.yaml'), 'openapi: 3.0.3\npaths: {}\n');
  const { openapi, ...rest } = server as { openapi?: string };
  const at =
    openapi === undefined ? {} : { openapi: openapi.includes(':') ? openapi : join(folder, openapi) };
  const started = createGateway({
    dataDir: folder,
    env: {},
    config: { mcp: { servers: { api: { ...at, ...rest } } } } as never,
  });
  await expect(started).rejects.toThrow(why);
});
