import { setTimeout as sleep } from 'node:timers/promises';
import { definePlugin, reply } from '@headgate/sdk';
import { parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Embedded, embed, json } from '../gateway/embedded.js';
import { ADMIN_TOKEN } from '../governance/admin-client.js';
import { type ReadSpan, readTraces } from '../sinks/trace-proto.js';
import { startVendor, type VendorServer } from '../sinks/vendor-server.js';
import { tail } from './event-stream.js';

/** What the slow guard waits; of what a busy machine does to the others half is left. */
const SLOW_MS = 200;
/** Timers may be early by a part of a millisecond. */
const EARLY_MS = 2;

interface Hook {
  readonly plugin: string;
  readonly phase: string;
  readonly outcome: string;
  readonly from_us: number;
  readonly to_us: number;
  readonly busy_us: number;
  readonly calls: number;
}
interface Detail {
  readonly id: string;
  readonly hooks: readonly Hook[];
  readonly plugins: readonly string[];
  readonly plugin_ms: readonly number[];
  readonly timings: Record<'guard' | 'route', { from_us: number; to_us: number }> & { total_us: number };
  readonly error: { code: string } | null;
}

const slow = definePlugin({
  name: 'slow',
  version: '1.0.0',
  setup: () => ({
    request: async ({ headers }) => {
      if (headers.get('x-case') === 'slow') await sleep(SLOW_MS);
    },
  }),
});
const fast = definePlugin({
  name: 'fast',
  version: '1.0.0',
  setup: () => ({
    request: () => undefined,
    route: (targets) => [...targets],
    upstream: async (head) => head,
    head: () => undefined,
  }),
});
let hangs = false;
const strict = definePlugin({
  name: 'strict',
  version: '1.0.0',
  setup: () => ({
    request: {
      onFailure: 'open',
      timeoutMs: 60_000,
      handler: async ({ headers }) => {
        const how = headers.get('x-case');
        if (how === 'broken') throw new Error('it is broken');
        if (how === 'hangs') {
          hangs = true;
          await sleep(30_000, undefined, { ref: false });
        }
        if (how === 'refused') return reply.error('permission', 'not_nice', 'Be nice.');
        return undefined;
      },
    },
  }),
});
/** In the words of an answer, piece by piece. */
const words = definePlugin({
  name: 'words',
  version: '1.0.0',
  needs: { request: 'head', response: 'events' },
  setup: () => ({
    event: { filter: { models: ['mock/*'] }, handler: (event) => event },
  }),
});

let gateway: Embedded;
let collector: VendorServer;
beforeAll(async () => {
  collector = await startVendor();
  gateway = await embed({
    plugins: [slow, fast, strict, words],
    config: {
      admin: { token: ADMIN_TOKEN },
      keys: [
        {
          name: 'ci',
          value: 'hg-key-of-ci-0123456789abcdef',
          limits: { rpm: 1000 },
          budget: { usd: 9, per: 'day' },
        },
      ],
      observability: { otlp: [{ url: collector.url, metrics: false, batch: { wait: '10ms' } }] },
    },
  });
});
afterAll(async () => {
  await gateway.close();
  await collector.close();
});

const admin = { authorization: `Bearer ${ADMIN_TOKEN}` };

async function chat(how: string, more: { stream?: boolean; signal?: AbortSignal } = {}): Promise<string> {
  const answer = await gateway.fetch(
    '/v1/chat/completions',
    json(
      { model: 'mock/hello', stream: more.stream ?? false, messages: [{ role: 'user', content: 'Hello' }] },
      {
        headers: {
          'content-type': 'application/json',
          authorization: 'Bearer hg-key-of-ci-0123456789abcdef',
          'x-case': how,
        },
        ...(more.signal !== undefined && { signal: more.signal }),
      },
    ),
  );
  await answer.text();
  return String(answer.headers.get('x-headgate-request-id'));
}

async function detailOf(id: string): Promise<Detail> {
  let detail: Detail | null = null;
  await expect
    .poll(
      async () => {
        const answer = await gateway.fetch(`/api/requests/${id}`, { headers: admin });
        detail = answer.status === 200 ? ((await answer.json()) as Detail) : null;
        return answer.status;
      },
      { timeout: 20_000 },
    )
    .toBe(200);
  return detail as unknown as Detail;
}

async function spansOf(id: string): Promise<ReadSpan[]> {
  let spans: ReadSpan[] = [];
  await expect
    .poll(
      () => {
        const all = collector.received.flatMap(({ body }) => [...readTraces(body).spans]);
        const trace = all.find(({ attributes }) => attributes['headgate.request.id'] === id)?.traceId;
        spans = all.filter(({ traceId }) => traceId === trace);
        return trace !== undefined;
      },
      { timeout: 20_000 },
    )
    .toBe(true);
  return spans;
}

function hookIn({ hooks }: Detail, plugin: string, phase = 'request'): Hook {
  const found = hooks.filter((one) => one.plugin === plugin && one.phase === phase);
  expect(found).toHaveLength(1);
  return found[0] as Hook;
}

describe('the time of plugins', { timeout: 60_000 }, () => {
  it('is that of each of them, in order, of what came before and after routing', async () => {
    const detail = await detailOf(await chat('slow'));
    const gates = detail.hooks.filter(({ phase }) => phase === 'request');
    expect(gates.map(({ plugin }) => plugin).sort()).toEqual([
      'budget',
      'fast',
      'rate-limit',
      'slow',
      'strict',
    ]);
    expect(detail.hooks.slice(gates.length).map(({ plugin, phase }) => [plugin, phase])).toEqual([
      ['budget', 'route'],
      ['fast', 'route'],
      ['fast', 'upstream'],
      ['fast', 'head'],
      ['words', 'event'],
    ]);
    expect(hookIn(detail, 'slow').busy_us).toBeGreaterThanOrEqual((SLOW_MS - EARLY_MS) * 1000);
    expect(hookIn(detail, 'fast').busy_us).toBeLessThan((SLOW_MS / 2) * 1000);
    expect(hookIn(detail, 'fast', 'upstream')).toMatchObject({ outcome: 'changed', calls: 1 });
    expect(hookIn(detail, 'fast', 'head')).toMatchObject({ outcome: 'passed', calls: 1 });

    const { guard, route, total_us } = detail.timings;
    let before = guard.from_us;
    for (const { from_us, to_us, outcome } of gates) {
      expect(from_us).toBeGreaterThanOrEqual(before);
      expect(to_us).toBeGreaterThanOrEqual(from_us);
      expect(outcome).toBe('passed');
      before = to_us;
    }
    expect(before).toBeLessThanOrEqual(guard.to_us);
    // They are all there is between the beginning of the gates and their end: half of the slow one is more than is between them.
    const busy = gates.reduce((sum, { busy_us }) => sum + busy_us, 0);
    expect(guard.to_us - guard.from_us - busy).toBeLessThan((SLOW_MS / 2) * 1000);
    const routed = hookIn(detail, 'fast', 'route');
    expect(routed.from_us).toBeGreaterThanOrEqual(route.from_us);
    expect(routed.to_us).toBeLessThanOrEqual(route.to_us);
    expect(detail.hooks.every(({ to_us }) => to_us <= total_us)).toBe(true);
  });

  it('of a hook that sees each event is one for all its calls, without what lies between them', async () => {
    const detail = await detailOf(await chat('', { stream: true }));
    const seen = hookIn(detail, 'words', 'event');
    expect(seen.calls).toBeGreaterThan(2);
    expect(seen.busy_us).toBeLessThanOrEqual(seen.to_us - seen.from_us);
    expect(seen.outcome).toBe('passed');
  });

  it('says who refused, and nothing of those that were not asked any more', async () => {
    const detail = await detailOf(await chat('refused'));
    expect(detail.error?.code).toBe('not_nice');
    expect(hookIn(detail, 'strict').outcome).toBe('refused');
    expect(detail.hooks.every(({ phase }) => phase === 'request')).toBe(true);
    expect(detail.hooks.at(-1)?.plugin).toBe('strict');
    const span = (await spansOf(detail.id)).find(({ name }) => name === 'plugin strict');
    expect(span).toMatchObject({ error: 'Be nice.', attributes: { 'error.type': 'not_nice' } });
  });

  it('says who failed, also where the request went on', async () => {
    const detail = await detailOf(await chat('broken'));
    expect(detail.error).toBeNull();
    expect(hookIn(detail, 'strict').outcome).toBe('failed');
    expect(hookIn(detail, 'fast', 'route').outcome).toBe('changed');
    const span = (await spansOf(detail.id)).find(({ name }) => name === 'plugin strict');
    expect(span).toMatchObject({ attributes: { 'error.type': 'plugin_failed' } });
    expect(span?.error).toContain('failed');
  });

  it('of one that was not done when the client left is all of the time until then', async () => {
    const leaving = new AbortController();
    const gone = chat('hangs', { signal: leaving.signal }).catch(() => 'gone');
    await expect.poll(() => hangs, { timeout: 20_000 }).toBe(true);
    await sleep(50);
    leaving.abort();
    expect(await gone).toBe('gone');
    let left: { id: string } | undefined;
    await expect
      .poll(
        async () => {
          const answer = await gateway.fetch('/api/requests?outcome=client-closed', { headers: admin });
          [left] = ((await answer.json()) as { data: { id: string }[] }).data;
          return left !== undefined;
        },
        { timeout: 20_000 },
      )
      .toBe(true);
    const detail = await detailOf(left?.id ?? '');
    const hung = hookIn(detail, 'strict');
    expect(hung.outcome).toBe('unfinished');
    expect(hung.busy_us).toBeGreaterThanOrEqual((50 - EARLY_MS) * 1000);
    expect(hung.to_us).toBeLessThanOrEqual(detail.timings.total_us);
    expect(detail.hooks.at(-1)).toEqual(hung);
  });

  it('is in lists, the tail, tables, lines and Parquet', async () => {
    const listener = await tail(gateway, '', ADMIN_TOKEN);
    const id = await chat('slow');
    const [event] = await listener.take(1);
    await listener.leave();
    const { plugins, plugin_ms } = await detailOf(id);
    expect(plugins).toHaveLength(6);
    expect(plugin_ms).toHaveLength(6);
    expect(plugin_ms[plugins.indexOf('slow')]).toBeGreaterThanOrEqual(SLOW_MS - EARLY_MS);
    expect(event?.data).toMatchObject({ id, plugins, plugin_ms });

    const read = async (path: string) => gateway.fetch(path, { headers: admin });
    const list = (await (await read('/api/requests?limit=1')).json()) as { data: Detail[] };
    expect(list.data[0]).toMatchObject({ id, plugins, plugin_ms });
    const lines = (await (await read('/api/requests/export?format=jsonl')).text()).split('\n');
    expect(JSON.parse(lines[0] as string)).toMatchObject({ id, plugins, plugin_ms });
    const [names, row] = (await (await read('/api/requests/export?format=csv')).text()).split('\r\n');
    expect(names).toMatch(/,plugins,plugin_ms,metadata$/);
    expect(row?.endsWith(`,${plugins.join(' ')},${plugin_ms.join(' ')},`)).toBe(true);
    const file = await (await read('/api/requests/export?format=parquet')).arrayBuffer();
    expect((await parquetReadObjects({ file }))[0]).toMatchObject({ id, plugins, plugin_ms });
  });

  it('is a span each, as a collector reads it: below the step of the gateway that it was in', async () => {
    const detail = await detailOf(await chat('slow'));
    const spans = await spansOf(detail.id);
    const root = spans.find(({ attributes }) => attributes['headgate.request.id'] === detail.id) as ReadSpan;
    const step = (name: string) => spans.find((span) => span.name === name)?.spanId;
    const hooks = spans.filter(({ name }) => name.startsWith('plugin '));
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
    expect(
      hooks.map(({ name, startNs, endNs, attributes }) => ({
        plugin: name.slice('plugin '.length),
        phase: attributes['headgate.hook.phase'],
        outcome: attributes['headgate.hook.outcome'] ?? 'passed',
        from_us: Number(startNs - root.startNs) / 1000,
        to_us: Number(endNs - root.startNs) / 1000,
      })),
    ).toEqual(detail.hooks.map(({ busy_us: _, calls: __, ...told }) => told));
    for (const { parentId, attributes } of hooks) {
      const phase = attributes['headgate.hook.phase'];
      expect(parentId).toBe({ request: step('guards'), route: step('route') }[String(phase)] ?? root.spanId);
    }
    const slowest = hooks.find(({ name }) => name === 'plugin slow') as ReadSpan;
    expect(Number(slowest.endNs - slowest.startNs) / 1e6).toBeGreaterThanOrEqual(SLOW_MS - EARLY_MS);
  });
});

it('a request that no plugin has a hook for has none', async () => {
  const plain = await embed({ config: { admin: { token: ADMIN_TOKEN } } });
  try {
    const body = { model: 'mock/hello', messages: [{ role: 'user', content: 'Hello' }] };
    const id = (await plain.fetch('/v1/chat/completions', json(body))).headers.get('x-headgate-request-id');
    await expect
      .poll(async () => (await plain.fetch(`/api/requests/${id}`, { headers: admin })).json(), {
        timeout: 20_000,
      })
      .toMatchObject({ id, hooks: [], plugins: [], plugin_ms: [] });
  } finally {
    await plain.close();
  }
});
