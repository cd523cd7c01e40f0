import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { apiOf } from '../../core/mcp/openapi/api.js';
import { DocumentProblem } from '../../core/mcp/openapi/document.js';
import type { ApiTool, ApiWishes } from '../../core/mcp/openapi/operation.js';
import { requestOf } from '../../core/mcp/openapi/request-of.js';
import { resultOf } from '../../core/mcp/openapi/result-of.js';
import { misfit } from '../../core/mcp/schema-check.js';

const text = readFileSync(new URL('./openapi/shop.yaml', import.meta.url), 'utf8');
const ALL: ApiWishes = { isOffered: () => true, isGiven: () => false };
const shop = apiOf(text, { ...ALL, isGiven: (place, name) => place === 'query' && name === 'api_key' });
const base = new URL('https://shop.example.com/v2/?api_key=k');
const toolOf = (name: string): ApiTool => shop.tools.get(name) as ApiTool;
const sent = (name: string, args: object) => requestOf(toolOf(name), base, args as never);

describe('operations of a document', () => {
  it('are tools with names, descriptions and hints', () => {
    expect([...shop.tools.keys()]).toEqual([
      'listOrders',
      'createOrder',
      'getOrder',
      'delete_orders_id',
      'put_notes',
      'sendFiles',
      'sendForm',
    ]);
    expect(shop).toMatchObject({ title: 'Shop', version: '2.1.0', url: 'http://127.0.0.1:9/v2' });
    expect(toolOf('listOrders').item).toMatchObject({
      title: 'Lists orders.',
      description: 'Lists orders.',
      annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true },
    });
    expect(toolOf('delete_orders_id').item).toMatchObject({
      description: 'DELETE /orders/{id}\n\nDeprecated.',
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true },
    });
    expect(toolOf('createOrder').item['annotations']).toMatchObject({
      readOnlyHint: false,
      idempotentHint: false,
    });
  });

  it('have the parameters as arguments, by names that all providers take', () => {
    const { inputSchema } = toolOf('listOrders').item as never as {
      inputSchema: { properties: object; required?: string[] };
    };
    // What the operator sends itself is none, nor is what the gateway writes.
    expect(Object.keys(inputSchema.properties)).toEqual([
      'X-Trace',
      'status',
      'filter_min',
      'range',
      'fields',
      'pipes',
      'spaces',
      'where',
      'raw',
      'seen',
      'X-Ids',
    ]);
    expect(inputSchema.properties).toMatchObject({ filter_min: { type: 'number', exclusiveMinimum: 0 } });
    expect(inputSchema.required).toBeUndefined();
    const get = toolOf('getOrder').item['inputSchema'];
    expect(get).toEqual({
      type: 'object',
      properties: { id: { type: 'string' }, query_id: { type: 'string' } },
      required: ['id'],
      additionalProperties: false,
    });
    const remove = toolOf('delete_orders_id').item['inputSchema'];
    expect(remove).toMatchObject({ properties: { id: { type: 'string', description: 'Of the order.' } } });
  });

  it('have schemas without references, but for those that lead back to themselves', () => {
    const schema = toolOf('createOrder').item['inputSchema'] as never;
    const item = {
      type: 'object',
      description: 'Something to buy, and what goes with it.',
      properties: { name: { type: 'string' }, parts: { type: 'array', items: { $ref: '#/$defs/Item' } } },
    };
    expect(schema).toEqual({
      type: 'object',
      properties: {
        'X-Trace': { type: 'string' },
        body: {
          type: 'object',
          // What only the server writes is left out.
          required: ['item', 'count'],
          properties: {
            item,
            count: { type: ['integer', 'null'] },
            secret: { type: 'string' },
            title: { type: 'string' },
          },
        },
      },
      required: ['body'],
      additionalProperties: false,
      $defs: { Item: item },
    });
    const parts = { name: 'a', parts: [{ parts: [{ name: 'b' }] }] };
    expect(misfit(schema, { body: { item: parts, count: null } }, 'arguments')).toBeNull();
    expect(
      misfit(schema, { body: { item: { parts: [{ parts: [{ name: 7 }] }] }, count: 1 } }, 'arguments'),
    ).toContain('/parts/0/parts/0/name');
  });

  it('say what they return, without promising it', () => {
    const { item } = toolOf('listOrders');
    expect(item['outputSchema']).toBeUndefined();
    expect(item['_meta']).toMatchObject({
      'headgate/returns': { type: 'array', items: { required: ['id', 'item', 'count'] } },
    });
    expect(JSON.stringify(item['_meta'])).not.toContain('secret');
  });

  it('that are not wanted are not looked at', () => {
    const broken = {
      openapi: '3.1.0',
      paths: { '/a': { get: { operationId: 'a' }, post: { operationId: 'b', parameters: 7 } } },
    };
    const wishes = { ...ALL, isOffered: (name: string) => name === 'a' };
    expect([...apiOf(JSON.stringify(broken), wishes).tools.keys()]).toEqual(['a']);
    expect(() => apiOf(JSON.stringify(broken), ALL)).toThrow(DocumentProblem);
  });
});

describe('a call', () => {
  it('writes a query in the style of each parameter', () => {
    const { url, headers, method, body } = sent('listOrders', {
      status: ['open', 'paid'],
      filter_min: 0.5,
      range: { from: 'a b', to: { day: 1 } },
      fields: ['a', 'b,c'],
      pipes: ['x', 'y'],
      spaces: ['x', 'y'],
      where: { a: [1] },
      raw: 'a/b:c&d#e',
      seen: 'x;y',
      'X-Ids': [1, 2],
      'X-Trace': 't',
    });
    expect(url.href).toBe(
      'https://shop.example.com/v2/orders?api_key=k&status=open&status=paid&filter%5Bmin%5D=0.5' +
        '&range[from]=a%20b&range[to][day]=1&fields=a,b%2Cc&pipes=x%7Cy&spaces=x%20y' +
        '&where=%7B%22a%22%3A%5B1%5D%7D&raw=a/b:c%26d%23e',
    );
    expect(headers).toMatchObject({ cookie: 'seen=x%3By', 'x-ids': '1,2', 'x-trace': 't' });
    expect(method).toBe('GET');
    expect(body).toBeNull();
  });

  it('writes paths, and leads nowhere else', () => {
    const { url, body, headers } = sent('put_notes', {
      id: 'a/b?c',
      tags: ['x', 'y'],
      labels: ['l', 'm'],
      matrix: { k: 'v' },
      body: 'A note.',
    });
    expect(url.href).toBe('https://shop.example.com/v2/orders/a%2Fb%3Fc/notes/x,y.l.m;matrix=k,v?api_key=k');
    expect(body).toBe('A note.');
    expect(headers['content-type']).toBe('text/plain');
    for (const id of ['..', '.', '', '../../admin', '..\\admin', '%2e%2e']) {
      const asked = (): string => sent('getOrder', { id }).url.pathname;
      if (id.length < 3) expect(asked).toThrow('must not be empty, "." or ".."');
      else expect(asked()).toMatch(/^\/v2\/orders\/[^/]+$/);
    }
  });

  it('whatever an argument is, leads to its own operation', () => {
    const anyText = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: fc.constantFrom('.', '/', '\\', '%', '2', 'e', '?', '#', ';') }),
    );
    fc.assert(
      fc.property(anyText, anyText, (id, queryId) => {
        let url: URL;
        try {
          ({ url } = sent('getOrder', { id, query_id: queryId }));
        } catch (error) {
          expect(String(error)).toContain('must not be empty');
          return;
        }
        expect([url.origin, url.hash]).toEqual(['https://shop.example.com', '']);
        const [, rest = ''] = /^\/v2\/orders\/([^/]+)$/.exec(url.pathname) ?? [];
        expect(decodeURIComponent(rest)).toBe(id);
        expect(url.searchParams.getAll('id')).toEqual([queryId]);
        expect(url.searchParams.get('api_key')).toBe('k');
      }),
    );
  });

  it('refuses what no header can hold', () => {
    expect(() => sent('listOrders', { 'X-Trace': 'a\r\nx-admin: 1' })).toThrow('sent as a header');
  });

  it('writes JSON and forms', () => {
    expect(sent('createOrder', { body: { item: {}, count: 1 } })).toMatchObject({
      method: 'POST',
      body: '{"item":{},"count":1}',
      headers: { 'content-type': 'application/json; charset=utf-8' },
    });
    const form = {
      name: 'a & b',
      tags: ['x', 'y'],
      card: { number: '4 2', exp: { year: 30 } },
      more: { a: 1 },
    };
    expect(sent('sendForm', { body: form })).toMatchObject({
      body: 'name=a+%26+b&tags=x&tags=y&card[number]=4+2&card[exp][year]=30&more=%7B%22a%22%3A1%7D',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    const { body, headers } = sent('sendFiles', { body: { title: 'T', meta: { a: 1 }, file: 'a,b\n1,2' } });
    const [, boundary = ''] = /boundary=(.+)$/.exec(headers['content-type'] ?? '') ?? [];
    expect(body).toBe(
      `--${boundary}\r\ncontent-disposition: form-data; name="title"\r\n\r\nT\r\n` +
        `--${boundary}\r\ncontent-disposition: form-data; name="meta"\r\ncontent-type: application/json\r\n\r\n{"a":1}\r\n` +
        `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="file"\r\ncontent-type: text/csv\r\n\r\na,b\n1,2\r\n` +
        `--${boundary}--\r\n`,
    );
  });
});

describe('an answer', () => {
  const of = (status: number, type: string, body: string | Buffer) =>
    resultOf({ status, statusText: '', type, body: Buffer.from(body) });

  it('is data where it is JSON, else text, a picture or a file', () => {
    expect(of(200, 'application/hal+json', '{"a":1}')).toEqual({
      content: [{ type: 'text', text: '{"a":1}' }],
      structuredContent: { a: 1 },
    });
    expect(of(200, 'application/json', '[1]')).toEqual({ content: [{ type: 'text', text: '[1]' }] });
    expect(of(200, 'application/json', '{"a"')).toEqual({ content: [{ type: 'text', text: '{"a"' }] });
    expect(of(200, 'text/html', '<p>')).toEqual({ content: [{ type: 'text', text: '<p>' }] });
    expect(of(204, '', '')).toEqual({ content: [{ type: 'text', text: 'HTTP 204' }] });
    expect(of(200, 'image/png', 'x')).toEqual({
      content: [{ type: 'image', data: 'eA==', mimeType: 'image/png' }],
    });
    expect(of(200, 'application/pdf', 'x')).toMatchObject({
      content: [{ type: 'resource', resource: { mimeType: 'application/pdf', blob: 'eA==' } }],
    });
  });

  it('that is no success is the tool’s failure, with as much of it as anybody reads', () => {
    expect(of(404, 'application/json', '{"why":"gone"}')).toEqual({
      content: [{ type: 'text', text: 'HTTP 404\n{"why":"gone"}' }],
      isError: true,
    });
    const long = of(500, 'text/plain', 'x'.repeat(10_000)) as { content: [{ text: string }] };
    expect(long.content[0].text).toHaveLength('HTTP 500\n'.length + 4096 + '\n[5904 more bytes]'.length);
    expect(of(302, 'text/html', '')).toMatchObject({ isError: true });
  });
});

describe('a broken document', () => {
  const get = (more: object): object => ({ openapi: '3.1.0', paths: { '/a/{id}': { get: more } } });
  const id = { name: 'id', in: 'path', schema: { type: 'string' } };
  const at = 'paths["/a/{id}"].get';
  it.each([
    [{ swagger: '2.0', paths: {} }, 'line 1, swagger: it is Swagger 2'],
    [{ paths: {} }, 'it says no version'],
    [{ openapi: '4.0.0' }, 'line 1, openapi: only versions 3.0 and 3.1'],
    [{ openapi: '3.1.0', paths: [] }, 'paths: expected paths'],
    [{ openapi: '3.1.0', paths: { a: {} } }, 'paths.a: a path begins with "/"'],
    [get([]), `line 4, ${at}: expected an operation`],
    [get({}), `${at}: the path's "{id}" is none of its parameters`],
    [get({ parameters: {} }), `${at}.parameters: expected a list`],
    [get({ parameters: [{ in: 'path' }] }), `${at}.parameters[0].name: a parameter has a name`],
    [
      get({ parameters: [{ name: 'x', in: 'body' }] }),
      `${at}.parameters[0].in: expected path, query, header, cookie`,
    ],
    [
      get({ parameters: [{ ...id, style: 'deepObject' }] }),
      `${at}.parameters[0].style: expected simple, label, matrix`,
    ],
    [get({ parameters: [{ ...id, schema: 'text' }] }), `${at}.parameters[0].schema: expected a schema`],
    [
      get({ parameters: [{ $ref: '#/components/nothing' }] }),
      `${at}.parameters[0]["$ref"]: "#/components/nothing" leads nowhere`,
    ],
    [get({ parameters: [{ $ref: 'other.yaml#/x' }] }), 'leads out of the document'],
    [
      get({
        parameters: [id],
        requestBody: { content: { 'application/json': { schema: { $ref: 'https://evil.example/x' } } } },
      }),
      'leads out of the document',
    ],
    [get({ parameters: [id], requestBody: {} }), `${at}.requestBody.content: expected media types`],
    [get({ operationId: 7 }), `${at}.operationId: expected a text`],
  ])('%j is told with its place', (document, why) => {
    const problem = (): string => {
      try {
        apiOf(stringify(document), ALL);
        return '';
      } catch (error) {
        return (error as DocumentProblem).sentence;
      }
    };
    expect(problem()).toContain(why);
  });

  it('has references in a circle', () => {
    const document = { openapi: '3.0.0', paths: { '/a': { $ref: '#/paths/~1a' } } };
    expect(() => apiOf(JSON.stringify(document), ALL)).toThrow('leads back to itself');
    const loop = {
      openapi: '3.0.0',
      paths: {
        '/a': {
          get: {
            requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/A' } } } },
          },
        },
      },
      components: { schemas: { A: { $ref: '#/components/schemas/A' } } },
    };
    expect([...apiOf(JSON.stringify(loop), ALL).tools.keys()]).toEqual(['get_a']);
  });

  it.each([
    ['{"openapi": "3.0.0",\n "paths": {,}}', 'line 2: it is not valid JSON'],
    ['openapi: 3.0.0\npaths: [', 'not valid YAML'],
    ['', 'it is no OpenAPI document'],
    ['- a', 'it is no OpenAPI document'],
  ])('%j is no document', (text, why) => {
    try {
      apiOf(text, ALL);
      expect.unreachable();
    } catch (error) {
      expect((error as DocumentProblem).sentence).toContain(why);
    }
  });

  it('gives two operations one name', () => {
    const document = {
      openapi: '3.0.0',
      paths: { '/a': { get: { operationId: 'x' }, put: { operationId: 'x' } } },
    };
    expect(() => apiOf(JSON.stringify(document), ALL)).toThrow('two operations are called "x"');
  });
});

it('schemas that grow without end when they are written out are told by their parts', () => {
  // Each level uses the next one twice: written out it would be 2^40 objects.
  const schemas = Object.fromEntries(
    Array.from({ length: 40 }, (_, i) => [
      `S${i}`,
      i === 39
        ? { type: 'string' }
        : {
            type: 'object',
            properties: {
              a: { $ref: `#/components/schemas/S${i + 1}` },
              b: { $ref: `#/components/schemas/S${i + 1}` },
            },
          },
    ]),
  );
  const body = { content: { 'application/json': { schema: { $ref: '#/components/schemas/S0' } } } };
  const document = {
    openapi: '3.1.0',
    paths: { '/a': { post: { requestBody: body } } },
    components: { schemas },
  };
  const tool = apiOf(JSON.stringify(document), ALL).tools.get('post_a') as ApiTool;
  const { $defs } = tool.item['inputSchema'] as { $defs: object };
  expect(Object.keys($defs)).toHaveLength(40);
});
