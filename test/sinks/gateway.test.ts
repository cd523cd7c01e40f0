import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startHeadgate } from '../e2e/harness.js';
import { chatBody, post } from '../e2e/http-client.js';
import { type Embedded, embed, json } from '../gateway/embedded.js';
import { tempDir } from '../store/temp-dir.js';
import { readTraces } from './trace-proto.js';
import { startVendor, type VendorServer } from './vendor-server.js';

/** Ids of the requests that a collector was told of. */
const toldOf = ({ received }: VendorServer): string[] =>
  received.flatMap(({ body }) =>
    readTraces(body).spans.flatMap(({ attributes }) => (attributes['headgate.request.id'] as string) ?? []),
  );
const idOf = (response: Response): string => response.headers.get('x-headgate-request-id') ?? '';
const chat = { model: 'mock/hello', messages: [{ role: 'user', content: 'Hello' }] };
const soon = { batch: { wait: '10ms' } };

describe('a gateway with collectors and sinks', () => {
  let collector: VendorServer;
  let dead: VendorServer;
  let gateway: Embedded;
  beforeAll(async () => {
    collector = await startVendor();
    dead = await startVendor();
    dead.answer = () => ({ status: 503, body: 'down for token=abcdef0123456789' });
    gateway = await embed({
      config: {
        observability: {
          otlp: [{ url: collector.url, headers: { 'X-Team': 'llm' }, metrics: false, ...soon }],
          sinks: [
            { use: 'otlp', name: 'away', url: dead.url, headers: { 'api-key': 'planted-9c1f77' }, ...soon },
          ],
        },
      },
    });
  });
  afterAll(async () => {
    await gateway.close();
    await collector.close();
    await dead.close();
  });

  it('tells the collector of each request as a trace, in the trace of the client', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const id = idOf(
      await gateway.fetch(
        '/v1/chat/completions',
        json(chat, {
          headers: { 'content-type': 'application/json', traceparent },
        }),
      ),
    );
    await expect.poll(() => toldOf(collector)).toContain(id);
    const request = collector.received.find(({ body }) => body.includes(id));
    expect(request).toMatchObject({ path: '/v1/traces', headers: { 'x-team': 'llm' } });
    const { resource, spans } = readTraces(request?.body as Buffer);
    expect(resource).toMatchObject({ 'service.name': 'headgate' });
    const root = spans.find(({ attributes }) => attributes['headgate.request.id'] === id);
    expect(root).toMatchObject({
      name: 'chat mock/hello',
      traceId: '0af7651916cd43dd8448eb211c80319c',
      parentId: 'b7ad6b7169203331',
    });
    const call = spans.find(({ parentId, kind }) => parentId === root?.spanId && kind === 3);
    expect(call?.attributes).toMatchObject({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'mock',
    });
  });

  it('says in health and metrics that a sink is away, is ready all the same, and shows no secret', async () => {
    await gateway.fetch('/v1/chat/completions', json(chat));
    const ready = async () => (await gateway.fetch('/health/ready')).json();
    await expect.poll(ready).toMatchObject({
      status: 'degraded',
      parts: { sinks: { ok: false, why: 'away does not take what it is sent' } },
    });
    const page = await (await gateway.fetch('/metrics')).text();
    expect(page).toMatch(/headgate_sink_ok\{sink="away"\} 0/);
    expect(page).toMatch(/headgate_sink_ok\{sink="otlp-1"\} 1/);
    expect(page).toMatch(/headgate_sink_records_total\{sink="otlp-1",result="sent"\} [1-9]/);
    expect(page).toMatch(/headgate_sink_backlog_bytes\{sink="away"\} [1-9]/);
    const shown = page + JSON.stringify(await ready());
    expect(shown).not.toContain('planted-9c1f77');
    expect(shown).not.toContain('abcdef0123456789');
    expect(dead.received.every(({ headers }) => headers['api-key'] === 'planted-9c1f77')).toBe(true);
  });
});

it('a process that is killed loses no record for its sinks, whose vendor is away', async () => {
  const vendor = await startVendor();
  onTestFinished(() => vendor.close());
  vendor.answer = () => ({ status: 503 });
  const data = tempDir();
  const args = ['--data', data];
  const config = { observability: { log_level: 'warn', sinks: [{ use: 'otlp', url: vendor.url, ...soon }] } };
  const before = await startHeadgate({ config, args });
  const ids: string[] = [];
  for (let i = 0; i < 30; i++)
    ids.push(
      (await post(before, '/v1/chat/completions', chatBody('mock/hello'))).headers.get(
        'x-headgate-request-id',
      ) ?? '',
    );
  await expect.poll(() => new Set(toldOf(vendor)).size).toBeGreaterThan(0);
  // By the default of `store.durable` the last ones reach the disk a moment later, or on a busy machine two.
  const onDisk = (): string =>
    readdirSync(join(data, 'sinks'))
      .filter((name) => name.endsWith('.spool'))
      .map((name) => readFileSync(join(data, 'sinks', name), 'latin1'))
      .join('');
  await expect.poll(() => ids.filter((id) => onDisk().includes(id)), { timeout: 20_000 }).toEqual(ids);
  await before.stop('SIGKILL').catch(() => {});
  vendor.received.length = 0;
  vendor.answer = () => ({ status: 200 });
  const after = await startHeadgate({ config, args });
  onTestFinished(async () => void (await after.stop()));
  await expect.poll(() => [...new Set(toldOf(vendor))].sort(), { timeout: 20_000 }).toEqual(ids);
});
