import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Embedded, embed, json } from '../gateway/embedded.js';
import { ADMIN_TOKEN } from '../governance/admin-client.js';
import { fixture } from './servers.js';

const admin = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' };

let gateway: Embedded;
beforeAll(async () => {
  gateway = await embed({
    config: {
      observability: { log_level: 'error' },
      admin: { token: ADMIN_TOKEN },
      auth: { required: true },
      mcp: { servers: { fixture: fixture() }, sessions: { max: 2 } },
    },
  });
});
afterAll(() => gateway.close());

async function madeKey(name: string): Promise<{ id: string; secret: string }> {
  const response = await gateway.fetch('/api/keys', json({ name }, { headers: admin }));
  return (await response.json()) as { id: string; secret: string };
}

const headersOf = (secret: string, session?: string): Record<string, string> => ({
  authorization: `Bearer ${secret}`,
  accept: 'application/json, text/event-stream',
  'content-type': 'application/json',
  ...(session !== undefined && { 'mcp-session-id': session }),
});

async function begin(secret: string): Promise<{ status: number; session: string }> {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x', version: '1' } };
  const response = await gateway.fetch(
    '/mcp',
    json({ jsonrpc: '2.0', id: 1, method: 'initialize', params }, { headers: headersOf(secret) }),
  );
  await response.text();
  return { status: response.status, session: response.headers.get('mcp-session-id') ?? '' };
}

const ping = async (secret: string, session: string): Promise<number> => {
  const message = { jsonrpc: '2.0', id: 2, method: 'ping' };
  const response = await gateway.fetch('/mcp', json(message, { headers: headersOf(secret, session) }));
  await response.text();
  return response.status;
};

const listen = (secret: string, session: string): Promise<Response> =>
  gateway.fetch('/mcp', { headers: headersOf(secret, session) });

it('more sessions than there may be take the place of unused ones, first of the same key, and never of used ones', async () => {
  const [ann, bob] = [await madeKey('ann'), await madeKey('bob')];
  const anns = await begin(ann.secret);
  const bobs = await begin(bob.secret);
  const next = await begin(bob.secret);
  expect([
    next.status,
    await ping(ann.secret, anns.session),
    await ping(bob.secret, bobs.session),
    await ping(bob.secret, next.session),
  ]).toEqual([200, 200, 404, 200]);
  const streams = [await listen(ann.secret, anns.session), await listen(bob.secret, next.session)];
  expect((await begin(bob.secret)).status).toBe(503);
  await Promise.all(streams.map((stream) => stream.body?.cancel()));
  await gateway.fetch('/mcp', { method: 'DELETE', headers: headersOf(ann.secret, anns.session) });
  expect(await ping(ann.secret, anns.session)).toBe(404);
});

it('a stream ends when its key is revoked', async () => {
  const { id, secret } = await madeKey('leaving');
  const { session } = await begin(secret);
  const stream = await listen(secret, session);
  expect(stream.status).toBe(200);
  const rest = stream.text();
  const revoked = await gateway.fetch(`/api/keys/${id}/revoke`, json({}, { headers: admin }));
  expect(revoked.status).toBe(200);
  await rest;
  expect(await ping(secret, session)).toBe(401);
});
