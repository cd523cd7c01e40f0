import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { isObject, type Json } from '../fakes/json-value.js';
import { chatBody, get, messageBody, post } from './http-client.js';
import { settledById } from './settled.js';
import { startTwoProviders } from './two-providers.js';

const ADMIN = 'admin-planted-secret-0123456789';
const KEYS = {
  plain: 'hg-planted-plain-0123456789',
  acme: 'hg-planted-acme-0123456789',
  narrow: 'hg-planted-narrow-012345',
};
const setup = await startTwoProviders(
  {
    admin: { token: ADMIN },
    models: {
      smart: { targets: ['openai/gpt-4o'], retries: { attempts: 1 } },
      thoughtful: { targets: ['anthropic/claude-sonnet-4-5'], retries: { attempts: 1 } },
      secretive: { targets: ['keeper/gpt-4o'], retries: { attempts: 1 } },
    },
    keys: [
      { name: 'plain', value: KEYS.plain },
      { name: 'acme-key', value: KEYS.acme, metadata: { customer: 'acme-by-key' } },
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholder is the config's
      { name: 'narrow', value: '${NARROW_KEY}', models: ['smart', 'openai/gpt-4o-*'] },
    ],
    providers: {
      keeper: {
        extends: 'openai',
        base_url: 'http://127.0.0.1:9/v1',
        keys: [{ value: 'sk-planted-keeper-0123456789' }],
        headers: { 'x-tenant': 'planted-provider-header-0123456789' },
      },
    },
  },
  { env: { NARROW_KEY: KEYS.narrow, OPENAI_API_KEY: 'sk-planted-environment-0123456789' } },
);
const { openai, anthropic, gateway } = setup;
const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` });
const asked = (metadata: string, key = KEYS.plain): Record<string, string> => ({
  ...bearer(key),
  'x-headgate-metadata': metadata,
});

beforeEach(() => setup.reset());
afterAll(() => setup.close());

// gpt-4o: 2.50 / 1.25 cached / 10 US dollars per million tokens; claude-sonnet-4-5: 3 / 0.30 read / 3.75 written / 15.
const usage = { input: 1_000, cacheRead: 400, output: 100 };
const OPENAI_COST = 0.003;
const withWrites = { ...usage, cacheWrite: 100 };
const ANTHROPIC_COST = 0.003495;

/** The totals of a customer, wherever the answer of /api/usage lists them. */
async function totalsOf(customer: string): Promise<Json> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const answer = await get(gateway, '/api/usage?group_by=customer', bearer(ADMIN));
    expect(answer.status, answer.text).toBe(200);
    const found = findRow(answer.json(), customer);
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`no totals of ${customer} in ${answer.text}`);
    await sleep(50);
  }
}

function findRow(value: unknown, customer: string): Json | undefined {
  if (Array.isArray(value))
    return value.map((each) => findRow(each, customer)).find((row) => row !== undefined);
  if (!isObject(value)) return undefined;
  if (value['customer'] === customer) return value;
  return Object.values(value)
    .map((each) => findRow(each, customer))
    .find((row) => row !== undefined);
}

describe('the cost of a request', () => {
  it('is in the header and the log line, cached tokens at their own price', async () => {
    openai.next({ answer: { text: 'x', usage } });
    const answer = await post(
      gateway,
      '/v1/chat/completions',
      chatBody('smart'),
      asked('customer=cost-openai'),
    );
    expect(Number(answer.headers.get('x-headgate-cost-usd'))).toBeCloseTo(OPENAI_COST, 9);
    const line = await settledById(gateway, answer.headers.get('x-headgate-request-id'));
    expect(line).toMatchObject({
      customer: 'cost-openai',
      model: 'smart',
      provider: 'openai',
      outcome: 'ok',
    });
    expect(JSON.stringify(line)).toMatch(/0\.003\b|\b3000000\b/);
  });

  it('is the same for a translated answer', async () => {
    anthropic.next({ answer: { text: 'x', usage: withWrites } });
    const answer = await post(
      gateway,
      '/v1/chat/completions',
      chatBody('thoughtful'),
      asked('customer=cost-anthropic'),
    );
    expect(Number(answer.headers.get('x-headgate-cost-usd'))).toBeCloseTo(ANTHROPIC_COST, 9);
  });

  it.each([
    ['OpenAI, passed through', '/v1/chat/completions', 'smart', OPENAI_COST],
    ['OpenAI, translated', '/v1/messages', 'smart', OPENAI_COST],
    ['Anthropic, passed through', '/v1/messages', 'thoughtful', ANTHROPIC_COST],
    ['Anthropic, translated', '/v1/chat/completions', 'thoughtful', ANTHROPIC_COST],
  ])('of a stream is counted from the passing usage (%s)', async (what, path, model, cost) => {
    openai.next({ answer: { text: 'x', usage }, pieceBytes: 13 });
    anthropic.next({ answer: { text: 'x', usage: withWrites }, pieceBytes: 13 });
    const customer = `stream ${what}`.replaceAll(/[^a-z]+/gi, '-');
    const body =
      path === '/v1/messages' ? messageBody(model, { stream: true }) : chatBody(model, { stream: true });
    await post(gateway, path, body, asked(`customer=${customer}`));
    const totals = await totalsOf(customer);
    expect(JSON.stringify(totals)).toContain('1000');
    expect(costOf(totals)).toBeCloseTo(cost, 9);
  });
});

/** US dollars of a row, whichever unit its field names. */
function costOf(row: Json): number {
  for (const [name, value] of Object.entries(row)) {
    if (!/cost/i.test(name) || value === null) continue;
    return Number(value) / (/nano/i.test(name) ? 1e9 : 1);
  }
  return Number.NaN;
}

describe('the totals of a customer', () => {
  it('add up over requests, paths, and both ways to name it', async () => {
    openai.always({ answer: { text: 'x', usage } });
    anthropic.always({ answer: { text: 'x', usage: withWrites } });
    await post(
      gateway,
      '/v1/chat/completions',
      chatBody('smart'),
      asked('customer=acme, tags=a, session=s1'),
    );
    await post(
      gateway,
      '/v1/messages',
      messageBody('thoughtful'),
      asked('{"customer":"acme","tags":["a","b"],"plan":"pro"}'),
    );
    await post(gateway, '/v1/messages', messageBody('smart'), asked('customer=ac%6De'));
    const deadline = Date.now() + 30_000;
    let row = await totalsOf('acme');
    while (Number(row['requests']) < 3 && Date.now() < deadline) {
      await sleep(50);
      row = await totalsOf('acme');
    }
    expect(row['requests']).toBe(3);
    expect(costOf(row)).toBeCloseTo(2 * OPENAI_COST + ANTHROPIC_COST, 9);
  });

  it('go to the customer of the key when the request names none', async () => {
    await post(gateway, '/v1/chat/completions', chatBody('smart'), bearer(KEYS.acme));
    expect(await totalsOf('acme-by-key')).toMatchObject({ requests: 1 });
  });

  it('are for the administrator alone', async () => {
    for (const headers of [{}, bearer(KEYS.plain), bearer('wrong')]) {
      expect((await get(gateway, '/api/usage', headers)).status).toBe(401);
    }
  });
});

describe('the models of a key', () => {
  it.each([
    ['smart', 200],
    ['openai/gpt-4o-mini', 200],
    ['openai/gpt-4o', 403],
    ['thoughtful', 403],
    ['anthropic/claude-sonnet-4-5', 403],
  ])('decide on %s: %i', async (model, status) => {
    expect((await post(gateway, '/v1/chat/completions', chatBody(model), bearer(KEYS.narrow))).status).toBe(
      status,
    );
  });
});

describe('secrets', () => {
  const contents = (folder: string): Buffer[] =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name)));

  it('are in no log line, no file, no metric and no answer', async () => {
    const echo = (key: string) => ({ status: 401, error: { message: `Incorrect API key provided: ${key}` } });
    openai.next(echo('sk-fake-openai-0123456789'), {
      status: 500,
      body: 'key sk-fake-openai-0123456789 broke',
    });
    anthropic.next(echo('sk-ant-fake-0123456789'));
    const prompt = { messages: [{ role: 'user', content: 'planted-prompt-0123456789' }] };
    const headers = {
      ...bearer(KEYS.plain),
      'x-secret': 'planted-header-0123456789',
      cookie: 'planted-cookie-0123456789',
    };
    const answers = [
      await post(gateway, '/v1/chat/completions', chatBody('smart', prompt), headers),
      await post(gateway, '/v1/messages', messageBody('smart', prompt), headers),
      await post(gateway, '/v1/messages', messageBody('thoughtful', prompt), headers),
      await post(gateway, '/v1/chat/completions', chatBody('secretive', prompt), headers),
      await post(
        gateway,
        '/v1/chat/completions',
        chatBody('smart', prompt),
        bearer('hg-planted-wrong-0123456789'),
      ),
      await post(
        gateway,
        '/v1/chat/completions?key=planted-query-0123456789',
        chatBody('smart', prompt),
        headers,
      ),
      await post(
        gateway,
        '/v1/chat/completions',
        '{"model":"smart","oops planted-broken-0123456789',
        headers,
      ),
      await get(gateway, '/metrics'),
      await get(gateway, '/api/usage', bearer(ADMIN)),
      await get(gateway, '/api/usage', bearer('planted-admin-guess-0123456789')),
    ];
    openai.next({ answer: { text: 'planted-answer-0123456789' } });
    await post(gateway, '/v1/chat/completions', chatBody('smart', prompt), headers);
    await sleep(500);

    const planted = [
      ADMIN,
      ...Object.values(KEYS),
      'sk-fake-openai-0123456789',
      'sk-ant-fake-0123456789',
      'sk-planted-keeper-0123456789',
      'sk-planted-environment-0123456789',
      'planted-provider-header-0123456789',
      'hg-planted-wrong-0123456789',
      'planted-admin-guess-0123456789',
      'planted-header-0123456789',
      'planted-cookie-0123456789',
      'planted-query-0123456789',
      'planted-prompt-0123456789',
      'planted-answer-0123456789',
      'planted-broken-0123456789',
    ];
    const places: [where: string, bytes: Buffer][] = [
      ['the log', Buffer.from(gateway.logs())],
      ...contents(gateway.dataDir).map((bytes): [string, Buffer] => ['the data folder', bytes]),
      ...answers.map((answer, i): [string, Buffer] => [
        `answer ${i}`,
        Buffer.from(`${JSON.stringify([...answer.headers])}${answer.text}`),
      ]),
    ];
    const leaks = places.flatMap(([where, bytes]) =>
      planted.filter((secret) => bytes.includes(secret)).map((secret) => `${secret} in ${where}`),
    );
    expect(leaks).toEqual([]);
    expect(answers.map((answer) => answer.text).join('\n')).not.toMatch(/\n\s+at .+:\d+:\d+/);
  });
});
