import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ByteStreams } from '../../core/admin/byte-stream.js';
import { RouteTable } from '../../core/admin/route.js';
import { type AdminParts, adminRoutes } from '../../core/admin/routes.js';
import { type Headgate, startHeadgate, stopCleanly } from '../e2e/harness.js';
import { ADMIN_TOKEN, AdminClient } from './admin-client.js';

type Json = Record<string, unknown>;

let gateway: Headgate;
let document: { paths: Record<string, Record<string, Json>> } & Json;
beforeAll(async () => {
  gateway = await startHeadgate({ config: { server: { threads: 1 }, admin: { token: ADMIN_TOKEN } } });
  // Without the token: it says what could be asked, and nothing of what is there.
  document = (await new AdminClient(gateway.url, '').get('/api/openapi.json')).body as never;
});
afterAll(() => stopCleanly(gateway));

it('the document is OpenAPI 3.1', async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(structuredClone(document));
  expect(errors ?? '').toBe('');
  expect(valid).toBe(true);
  expect(validator.version).toBe('3.1');
});

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

it('every path and method of it is served, and none beside them', async () => {
  const api = new AdminClient(gateway.url);
  for (const [path, item] of Object.entries(document.paths)) {
    const url = `${gateway.url}${path.replace(/\{\w+\}/g, 'nobody')}`;
    const options = await fetch(url, {
      method: 'OPTIONS',
      headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    });
    const allowed = (options.headers.get('allow') ?? '').toLowerCase().split(', ');
    const told = METHODS.filter((method) => method in item);
    // `POST /api/keys/import` has a path of its own there.
    const served = METHODS.filter((method) => allowed.includes(method));
    if (path !== '/api/keys/import') expect([path, told]).toEqual([path, served]);
    for (const method of told) {
      // It never ends.
      if (path === '/api/requests/tail') continue;
      const { status, body } = await api.request(
        method.toUpperCase(),
        path.replace(/\{\w+\}/g, 'nobody'),
        method === 'get' ? undefined : '[]',
      );
      const { code } = (body['error'] ?? {}) as { code?: string };
      expect([path, method, code]).not.toEqual([path, method, 'not_found']);
      expect(status).not.toBe(405);
    }
  }
});

it('every line of the route table is in it', () => {
  const { paths } = new RouteTable(adminRoutes({} as AdminParts, new ByteStreams()));
  expect(paths.length).toBeGreaterThan(30);
  for (const { path, methods } of paths) {
    // For Prometheus, and the document itself.
    if (path === '/metrics' || path === '/api/openapi.json') continue;
    for (const method of methods)
      expect([path, method, document.paths[path]?.[method.toLowerCase()]]).toEqual([
        path,
        method,
        expect.anything(),
      ]);
  }
});

it('what it says of a field holds: the schemas are those that requests are checked by', async () => {
  const { TeamGiven: team, Key: key } = (document['components'] as { schemas: Record<string, Json> })
    .schemas as Record<string, { properties: Record<string, Json>; additionalProperties?: boolean }>;
  expect(team?.additionalProperties).toBe(false);
  expect(Object.keys(team?.properties ?? {})).toEqual(
    expect.arrayContaining(['name', 'organization', 'budgets', 'limits', 'models', 'expires']),
  );
  expect(JSON.stringify(team?.properties['budgets'])).toContain('"downgrade"');
  const api = new AdminClient(gateway.url);
  const made = await api.post('/api/keys', { name: 'shown' });
  // What is answered has no field that the document does not know.
  expect(
    Object.keys(made.body).filter((name) => name !== 'secret' && !(name in (key?.properties ?? {}))),
  ).toEqual([]);
});
