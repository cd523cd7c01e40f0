import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { definePlugin } from '@headgate/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLedgerSql } from '../../core/store/ledger-sql.js';
import { startVendors, type Vendors } from '../fakes/alert-vendors.js';
import { startOpenAi } from '../fakes/openai.js';
import { behind, type Embedded, embed, json } from '../gateway/embedded.js';
import { calling, saying } from '../mcp/run-setup.js';
import { fake } from '../mcp/servers.js';
import { foundIn, plantedSecrets } from '../observe/planted-secrets.js';
import { startVendor, type VendorServer } from '../sinks/vendor-server.js';
import { VENDORS } from '../sinks/vendors.js';

type Json = Record<string, unknown>;
const ADMIN = 'the-token-of-the-administrator';
const { shaped, known } = plantedSecrets();
const [ofProvider = '', ofHeader = '', ofServer = ''] = known;
const planted = [...shaped, ofProvider, ofHeader, ofServer];
let at = 0;
const next = (): string => shaped[at++ % shaped.length] as string;

const openai = await startOpenAi();
let gateway: Embedded;
let vendor: VendorServer;
let alerts: Vendors;
const folder = mkdtempSync(join(tmpdir(), 'headgate-planted-'));
const file = join(folder, 'requests.jsonl');
/** What clients were answered where something went wrong. */
const errors: string[] = [];
const ids: string[] = [];

const admin = { authorization: `Bearer ${ADMIN}` };
const get = async (path: string): Promise<string> => (await gateway.fetch(path, { headers: admin })).text();
async function ask(body: object, headers: Record<string, string> = {}, query = ''): Promise<void> {
  const init = json(body, { headers: { 'content-type': 'application/json', ...admin, ...headers } });
  const answer = await gateway.fetch(`/v1/chat/completions${query}`, init);
  const text = await answer.text();
  ids.push(String(answer.headers.get('x-headgate-request-id')));
  if (answer.status >= 400) errors.push(text, JSON.stringify([...answer.headers]));
}
const chat = (content: string, more: object = {}) => ({
  model: 'openai/gpt-4o',
  messages: [{ role: 'user', content }],
  ...more,
});

beforeAll(async () => {
  vendor = await startVendor();
  vendor.answer = ({ path }) =>
    VENDORS.find((one) => (typeof one.path === 'string' ? one.path === path : one.path.test(path)))?.good ?? {
      status: 200,
    };
  alerts = await startVendors();
  const throws = definePlugin({
    name: 'throws',
    version: '1.0.0',
    setup: () => ({
      request: (view) => {
        if (view.headers.get('x-throw') !== undefined)
          throw new Error(`cannot reach https://x:${next()}@vault, ${next()}`);
        return undefined;
      },
    }),
  });
  gateway = await embed({
    plugins: [throws],
    config: {
      admin: { token: ADMIN },
      providers: {
        ...behind(openai),
        openai: {
          base_url: `${openai.url}/v1`,
          keys: [{ value: ofProvider }],
          headers: { 'x-team': ofHeader },
        },
      },
      models: {
        agent: { targets: ['openai/gpt-4o'], mcp: { servers: ['odd'], tools: ['odd/*'], mode: 'agent' } },
      },
      mcp: { servers: { odd: { ...fake(), env: { FAKE_SECRET: ofServer } } } },
      observability: {
        log_level: 'debug',
        log_bodies: true,
        otlp: [{ url: `${vendor.url}/otlp`, interval: '500ms', batch: { wait: '10ms' } }],
        sinks: [
          ...VENDORS.map(({ use, values }) => ({
            use,
            name: use,
            ...values(vendor.url),
            batch: { wait: '10ms' },
          })),
          { use: 'file', path: file, batch: { wait: '10ms' } },
        ],
      },
      alerts: {
        destinations: { hook: { webhook: { url: `${alerts.url}/webhook`, secret: 'hush' } } },
        rules: [{ when: 'errors', least_requests: 1, share: 0.01, to: ['hook'] }],
        group: '1ms',
      },
    } as never,
  });
  for (let i = 0; i < 12; i++) {
    if (i % 3 === 0) openai.next({ answer: { text: `Your key is ${next()}.` } });
    else
      openai.next({
        status: i % 3 === 1 ? 400 : 401,
        error: { message: `Incorrect key ${i % 2 === 0 ? ofProvider : next()} given, not ${ofHeader}` },
      });
    const headers = { 'x-custom-secret': next(), cookie: `session=${next()}`, 'x-api-token': next() };
    await ask(
      chat(`export API_KEY=${next()} # for the tests`, { user: next(), stream: i % 4 === 0 }),
      headers,
      `?key_of=${next()}`,
    );
  }
  // A tool that is called with a secret, and one that says one, as an answer and as an error.
  openai.next(
    calling({ odd__echo: { say: next() } }),
    calling({ odd__fail: { say: next() } }),
    saying(`It said ${next()}.`),
  );
  await ask(chat(`use ${next()}`, { model: 'agent' }));
  await ask(chat('hello'), { 'x-throw': next() });
  openai.next({ status: 500, error: { message: `cannot reach redis://:${next()}@cache for ${ofProvider}` } });
  await ask(chat('hello', { model: 'openai/gpt-4o-mini' }));
  // What is not understood is repeated by many: JSON that is none, a model that is none, an address that is none.
  const headers = { 'content-type': 'application/json', ...admin };
  for (const [path, body] of [
    ['/v1/chat/completions', `{"api_key":"${next()}", `],
    [`/v1/models/${next()}`, ''],
    [`/v1/${next()}?token=${next()}`, '{}'],
    [`/api/requests?q=${next()}&unknown=${next()}`, ''],
    [`/api/requests/${next()}`, ''],
  ] as const) {
    const answer = await gateway.fetch(path, {
      method: body === '' ? 'GET' : 'POST',
      headers,
      ...(body !== '' && { body }),
    });
    await answer.text();
  }
}, 60_000);
afterAll(async () => {
  await gateway.close();
  await Promise.all([vendor.close(), alerts.close(), openai.close()]);
  rmSync(folder, { recursive: true, force: true });
});

describe('none of fifty planted secrets', () => {
  it('is told to any sink, as a trace or as a metric', async () => {
    const last = ids.at(-1) as string;
    await expect.poll(() => readFileSync(file, 'utf8'), { timeout: 30_000 }).toContain(last);
    const paths = (): Set<string> => new Set(vendor.received.map(({ path }) => path.replace(/\?.*/, '')));
    await expect.poll(() => paths().size, { timeout: 30_000 }).toBeGreaterThan(20);
    await expect
      .poll(async () => (await get('/metrics')).match(/^headgate_sink_backlog_bytes\{.*\} [1-9]/gm) ?? [], {
        timeout: 30_000,
      })
      .toEqual([]);
    for (const { path, body } of vendor.received) {
      const text =
        /gz(\?|$)/.test(path) && body[0] === 0x1f
          ? gunzipSync(body).toString('latin1')
          : body.toString('latin1');
      expect(foundIn(text, planted), path).toEqual([]);
    }
    expect(foundIn(readFileSync(file, 'utf8'), planted)).toEqual([]);
  });

  it('is in an alert', async () => {
    await expect.poll(() => alerts.told.length, { timeout: 50_000 }).toBeGreaterThan(0);
    expect(foundIn(alerts.told.map(({ text }) => text).join('\n'), planted)).toEqual([]);
  });

  it('is in an answer of the admin API, the log or the debug bundle', async () => {
    const texts = [
      await get('/api/requests?limit=100'),
      await get('/api/requests?format=csv'),
      await get('/api/requests/export?format=jsonl'),
      await get('/api/requests/sessions'),
      await get('/metrics'),
      await get('/api/alerts'),
      await get('/api/usage?group_by=model,key'),
      await get('/api/mcp/servers'),
      await get('/api/debug/bundle'),
      ...(await Promise.all(ids.map((id) => get(`/api/requests/${id}`)))),
    ];
    expect(texts.join('')).toContain('for the tests');
    expect((JSON.parse(texts.at(8) as string) as Json)['log']).not.toEqual([]);
    for (const text of texts) expect(foundIn(text, planted), text.slice(0, 200)).toEqual([]);
  });

  it('is on the disk', async () => {
    const files = readdirSync(gateway.dataDir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
    const db = await openLedgerSql({ kind: 'sqlite', path: join(gateway.dataDir, 'headgate.db') });
    const kept = await db.all('SELECT data FROM request_bodies');
    await db.close();
    expect(kept.length).toBeGreaterThan(10);
    for (const [data] of kept)
      expect(foundIn(gunzipSync(data as Uint8Array).toString(), planted)).toEqual([]);
    for (const text of files) expect(foundIn(text, planted)).toEqual([]);
  });

  it('of the gateway itself is in what a client is told went wrong', () => {
    expect(errors.length).toBeGreaterThan(10);
    expect(foundIn(errors.join('\n'), [ofProvider, ofHeader, ofServer])).toEqual([]);
  });
});
