import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { healthAnswer } from '../../core/health-parts.js';
import { type Collector, startCollector } from '../fakes/otlp-collector.js';
import { type Embedded, embed, json } from '../gateway/embedded.js';
import { foundIn, plantedSecrets } from './planted-secrets.js';

type Json = Record<string, unknown>;
const ADMIN = 'the-token-of-the-administrator';
const { shaped, known } = plantedSecrets();
const [customerKey = '', headerValue = ''] = known;

let gateway: Embedded;
let collector: Collector;
const ask = async (
  path: string,
  init: RequestInit = {},
): Promise<{ status: number; text: string; body: Json }> => {
  const answer = await gateway.fetch(path, {
    ...init,
    headers: { authorization: `Bearer ${ADMIN}`, ...init.headers },
  });
  const text = await answer.text();
  return { status: answer.status, text, body: (text.startsWith('{') ? JSON.parse(text) : {}) as Json };
};
const put = (body: object): RequestInit => ({ method: 'PUT', body: JSON.stringify(body) });

beforeAll(async () => {
  collector = await startCollector();
  gateway = await embed({
    config: {
      admin: { token: ADMIN },
      observability: {
        log_level: 'error',
        otlp: [{ url: collector.url, headers: { 'x-key': headerValue }, interval: '500ms' }],
      },
      providers: { openai: { base_url: 'http://127.0.0.1:9/v1', keys: known.map((value) => ({ value })) } },
      keys: [{ name: 'app', value: `hg-${customerKey}` }],
      mcp: { servers: { broken: { command: '/nonexistent/program', start: 'boot' } } },
    },
  });
});
afterAll(async () => {
  await gateway.close();
  await collector.close();
});

describe('/health/ready', () => {
  it('says which part is not as it should be, and is ready again when it is', async () => {
    const parts = async (): Promise<Json> => (await ask('/health/ready')).body;
    await expect.poll(parts, { timeout: 20_000 }).toMatchObject({
      status: 'degraded',
      parts: {
        gateway: { ok: true },
        store: { ok: true },
        spool: { ok: true },
        definitions: { ok: true },
        mcp: { ok: false, why: '1 of 1 servers cannot be reached' },
        sinks: { ok: true },
      },
    });
    collector.answer = { status: 500 };
    await expect.poll(parts, { timeout: 20_000 }).toMatchObject({
      problems: expect.arrayContaining([expect.stringContaining('does not take what it is sent')]),
      parts: { sinks: { ok: false } },
    });
    collector.answer = { status: 200 };
    await expect.poll(parts, { timeout: 20_000 }).toMatchObject({ parts: { sinks: { ok: true } } });
  });

  it('is 503 when what serves requests is not there, and says which part that is', () => {
    const well = {
      notReady: [],
      ledger: { ok: true, problems: [], parts: {}, sinks: [] },
      cluster: null,
      notes: [],
      mcp: null,
    };
    expect(healthAnswer(well)).toMatchObject({ status: 200, body: { status: 'ready' } });
    const why = 'records cannot be written: no space';
    const ledger = { ok: false, problems: [why], parts: { spool: why }, sinks: [] };
    expect(healthAnswer({ ...well, ledger })).toMatchObject({
      status: 503,
      body: {
        status: 'not ready',
        problems: [why],
        parts: { spool: { ok: false, why }, store: { ok: true } },
      },
    });
    const cluster = { away: true, policy: 'closed' as const, shown: 'redis:6379' };
    expect(healthAnswer({ ...well, cluster }).status).toBe(503);
    expect(healthAnswer({ ...well, cluster: { ...cluster, policy: 'open' } })).toMatchObject({
      status: 200,
      body: { status: 'degraded', parts: { redis: { ok: false } } },
    });
  });
});

describe('/api/log-level', () => {
  it('changes what is written, for one part and for a time, and the audit knows who did', async () => {
    const changed = await ask('/api/log-level', put({ level: 'debug', component: 'mcp', for: '10m' }));
    expect(changed).toMatchObject({
      status: 200,
      body: {
        level: 'error',
        changes: [{ component: 'mcp', level: 'debug', until: expect.stringMatching(/^20/) }],
      },
    });
    await ask('/api/log-level', put({ level: 'info' }));
    const audit = await ask('/api/audit?kind=log_level');
    expect(audit.body).toMatchObject({
      data: [
        { actor: 'admin', action: 'set', id: '', after: { level: 'info' } },
        { actor: 'admin', action: 'set', id: 'mcp', after: { level: 'debug' } },
      ],
    });
    await ask('/api/log-level', put({ level: null, component: 'mcp' }));
    expect((await ask('/api/log-level', put({ level: null }))).body).toMatchObject({ changes: [] });
  });

  it.each([
    [{ level: 'loud' }, 'level'],
    [{ level: 'info', component: 'nobody' }, 'component'],
    [{ level: 'info', for: '-1s' }, 'for'],
    [{}, 'level'],
    [{ level: 'info', more: 1 }, 'the body'],
  ])('refuses %j', async (body, named) => {
    const { status, text } = await ask('/api/log-level', put(body));
    expect([status, text]).toEqual([400, expect.stringContaining(named)]);
  });
});

describe('/api/debug/bundle', () => {
  it('has what one needs to see what is wrong, and none of fifty secrets', async () => {
    await ask('/api/log-level', put({ level: 'info' }));
    const planted = [...shaped, ...known].map(async (secret) => {
      const headers = {
        authorization: `Bearer hg-${customerKey}`,
        'content-type': 'application/json',
        'x-headgate-metadata': `customer=${encodeURIComponent(secret)}`,
      };
      await gateway.fetch(
        '/v1/chat/completions',
        json({ model: `openai/${secret}`, messages: [{ role: 'user', content: secret }] }, { headers }),
      );
    });
    await Promise.all(planted);
    const { status, text, body } = await ask('/api/debug/bundle');
    await ask('/api/log-level', put({ level: null }));
    expect(status).toBe(200);
    expect(body).toMatchObject({
      versions: { headgate: '0.1.0', node: process.version },
      health: { parts: { store: { ok: true } } },
      configuration: expect.arrayContaining(['providers']),
      need_restart: [],
      threads: expect.arrayContaining([expect.objectContaining({ in_flight_requests: 0 })]),
      metrics: expect.arrayContaining([expect.stringContaining('headgate_requests_total{')]),
    });
    const log = body['log'] as { msg: string }[];
    expect(log.filter(({ msg }) => msg === 'request').length).toBeGreaterThanOrEqual(50);
    expect(foundIn(text, [...shaped, ...known])).toEqual([]);
    expect(text).not.toContain(ADMIN);
    // Nor does the page of metrics have one, which others may read.
    expect(foundIn((await ask('/metrics')).text, [...shaped, ...known])).toEqual([]);
  });

  it('is for owners and admins', async () => {
    const answer = await gateway.fetch('/api/debug/bundle');
    expect(answer.status).toBe(401);
  });
});
