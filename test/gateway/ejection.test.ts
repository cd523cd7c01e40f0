import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { startOpenAi } from '../fakes/openai.js';
import type { Behaviour, FakeProvider } from '../fakes/provider.js';
import { type Embedded, embed, json, until } from './embedded.js';

const ADMIN_TOKEN = 'admin-0123456789abcdef';
const MINUTE = 60_000;
const rules = { after: 3, for: '10m', max: '30m' };
const folder = mkdtempSync(join(tmpdir(), 'headgate-ejection-'));
const file = join(folder, 'headgate.yaml');
let first: FakeProvider;
let second: FakeProvider;
let gateway: Embedded;
/** What the clock of the gateway is ahead of the real one. */
let ahead = 0;

function configure(more: object = {}): void {
  const provider = (fake: FakeProvider, ...keys: string[]) => ({
    extends: 'openai',
    base_url: `${fake.url}/v1`,
    keys: keys.map((value) => ({ value })),
  });
  const targets = ['first/gpt-4o', 'second/gpt-4o'];
  // A model of its own for each test: what is known of a target is known of the target of a model.
  const models = Object.fromEntries(
    Array.from({ length: 40 }, (_, i) => [`m${i}`, { targets, retries: { attempts: 1 } }]),
  );
  const config = {
    admin: { token: ADMIN_TOKEN },
    ejection: rules,
    providers: {
      first: provider(first, 'sk-first-0123456789'),
      second: provider(second, 'sk-second-0123456789'),
      pool: provider(first, 'sk-pool-a-0123456789', 'sk-pool-b-0123456789'),
    },
    models: {
      ...models,
      off: { targets, retries: { attempts: 1 }, ejection: 'off' },
      own: { targets, retries: { attempts: 1 }, ejection: { after: 1 } },
      alone: { targets: ['first/gpt-4o'], retries: { attempts: 1 } },
      patient: { targets, retries: { attempts: 5, backoff: { initial: '1ms', max: '5ms' } } },
      pool: { targets: ['pool/gpt-4o', 'second/gpt-4o'], retries: { attempts: 1 } },
      shared: {
        strategy: 'weighted',
        targets: [
          { target: 'first/gpt-4o', weight: 1_000 },
          { target: 'second/gpt-4o', weight: 1 },
        ],
        retries: { attempts: 1 },
      },
      ...more,
    },
    observability: { log_requests: false, log_level: 'error' },
  };
  writeFileSync(file, JSON.stringify(config));
}

beforeAll(async () => {
  [first, second] = await Promise.all([startOpenAi(), startOpenAi()]);
  configure();
  gateway = await embed({ config: file });
});
beforeEach(() => {
  const real = performance.now.bind(performance);
  vi.spyOn(performance, 'now').mockImplementation(() => real() + ahead);
});
afterEach(() => {
  vi.restoreAllMocks();
  first.reset();
  second.reset();
});
afterAll(async () => {
  await gateway.close();
  await Promise.all([first.close(), second.close()]);
  rmSync(folder, { recursive: true });
});

let used = 0;
const fresh = (): string => `m${used++}`;

interface Told {
  readonly status: number;
  readonly provider: string | null;
  readonly attempts: string | null;
  readonly id: string;
}

async function ask(model: string, more: object = {}, init: RequestInit = {}): Promise<Told> {
  const body = { model, messages: [{ role: 'user', content: 'Hi' }], ...more };
  const answer = await gateway.fetch('/v1/chat/completions', json(body, init));
  await answer.text();
  const { headers } = answer;
  return {
    status: answer.status,
    provider: headers.get('x-headgate-provider'),
    attempts: headers.get('x-headgate-attempts'),
    id: headers.get('x-headgate-request-id') ?? '',
  };
}

/** Fails the first target as often as it takes. */
async function eject(model: string, behaviour: Behaviour = { status: 500 }): Promise<void> {
  first.always(behaviour);
  for (let i = 0; i < rules.after; i++)
    expect(await ask(model)).toMatchObject({ status: 200, provider: 'second', attempts: '2' });
}

const fromSecond = { status: 200, provider: 'second', attempts: '1' };

async function recordOf(id: string): Promise<Record<string, unknown>> {
  let found: Record<string, unknown> = {};
  await until('the request is kept', async () => {
    const answer = await gateway.fetch(`/api/requests/${id}`, {
      headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    });
    found = (await answer.json()) as Record<string, unknown>;
    return answer.status === 200;
  });
  return found;
}

/** Of metrics about targets that are passed over, by name and provider. */
async function metrics(): Promise<Record<string, number>> {
  const page = await gateway.fetch('/metrics', { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
  const text = await page.text();
  return Object.fromEntries(
    text.split('\n').flatMap((line) => {
      const match = /^headgate_(target_eject\w+)\{provider="(\w+)",model="gpt-4o"\} (\d+)$/.exec(line);
      return match === null ? [] : [[`${match[1]} ${match[2]}`, Number(match[3])]];
    }),
  );
}

describe('a target whose last attempts failed', () => {
  it('is passed over for a time, then tried by one request at a time, and back when one is answered', async () => {
    const model = fresh();
    await eject(model);
    const passed = await ask(model);
    expect(passed).toMatchObject(fromSecond);
    expect(first.received).toHaveLength(3);
    expect(await metrics()).toMatchObject({ 'target_ejected first': 1, 'target_ejections_total first': 1 });
    expect(await recordOf(passed.id)).toMatchObject({
      passed_over: [{ provider: 'first', model: 'gpt-4o', why: 'ejected' }],
      route: [{ provider: 'second' }],
    });

    ahead += 10 * MINUTE;
    expect(await ask(model)).toMatchObject({ provider: 'second', attempts: '2' });
    expect(first.received).toHaveLength(4);
    // Twice as long, since it has failed again.
    ahead += 10 * MINUTE;
    expect(await ask(model)).toMatchObject(fromSecond);
    ahead += 10 * MINUTE;
    // One tries it, and the others go on without.
    first.reset();
    first.next({ hangAfter: 'head' });
    const leaving = new AbortController();
    const trial = ask(model, {}, { signal: leaving.signal });
    await first.request();
    expect(await ask(model)).toMatchObject(fromSecond);
    leaving.abort();
    await expect(trial).rejects.toThrow();
    expect(await ask(model)).toMatchObject(fromSecond);
    // Nothing was heard of that one, so another may.
    ahead += 20 * MINUTE;
    expect(await ask(model)).toMatchObject({ status: 200, provider: 'first' });
    const back = await ask(model);
    expect(back).toMatchObject({ provider: 'first', attempts: '1' });
    expect(await recordOf(back.id)).toMatchObject({ passed_over: [] });
    expect(await metrics()).toMatchObject({ 'target_ejected first': 0, 'target_ejections_total first': 2 });
  });

  it.each<[string, Behaviour]>([
    ['no answer', { cutBeforeHead: true }],
    ['529', { status: 529 }],
    ['429 that does not say when', { status: 429 }],
    ['401', { status: 401 }],
  ])('is passed over after %s', async (_, behaviour) => {
    const model = fresh();
    await eject(model, behaviour);
    expect(await ask(model)).toMatchObject(fromSecond);
    expect(first.received).toHaveLength(3);
    // Its credential rests as well after some of these.
    ahead += 31 * MINUTE;
    first.reset();
    expect(await ask(model)).toMatchObject({ provider: 'first' });
  });

  it('is passed over when its streams break off', async () => {
    const model = fresh();
    for (let i = 0; i < 3; i++) {
      first.next({ cutAfterEvents: 2 });
      await ask(model, { stream: true });
    }
    expect(first.received).toHaveLength(3);
    expect(await ask(model, { stream: true })).toMatchObject(fromSecond);
  });

  it.each<[string, Behaviour]>([
    ['an answer in between', {}],
    ['a request that was wrong', { status: 400 }],
  ])('is not after %s', async (_, between) => {
    const model = fresh();
    for (let round = 0; round < 2; round++) {
      first.next({ status: 500 }, { status: 500 }, between);
      for (let i = 0; i < 3; i++) await ask(model);
    }
    expect(await ask(model)).toMatchObject({ provider: 'first', attempts: '1' });
  });

  it('is not when it says when it wants to be asked again: then it is passed over until then', async () => {
    const model = fresh();
    first.always({ status: 429, headers: { 'retry-after-ms': '50000' } });
    for (let i = 0; i < 5; i++) {
      const { id } = await ask(model);
      if (i % 2 === 1)
        expect(await recordOf(id)).toMatchObject({
          passed_over: [{ provider: 'first', why: 'resting' }],
        });
      if (i % 2 === 1) ahead += MINUTE;
    }
    ahead += MINUTE;
    first.reset();
    expect(await ask(model)).toMatchObject({ provider: 'first', attempts: '1' });
  });

  it('is not because a client leaves, or gives it little time', async () => {
    const model = fresh();
    first.always({ hangAfter: 'head' });
    for (let i = 0; i < 4; i++)
      expect((await ask(model, {}, { headers: { 'x-headgate-timeout': '50ms' } })).status).toBeGreaterThan(
        399,
      );
    for (let i = 0; i < 3; i++) {
      const leaving = new AbortController();
      const asked = ask(model, {}, { signal: leaving.signal });
      await first.request(5 + i);
      leaving.abort();
      await expect(asked).rejects.toThrow();
    }
    first.always({});
    expect(await ask(model)).toMatchObject({ provider: 'first', attempts: '1' });
  });

  it('is not while another of its credentials is good', async () => {
    first.forKey('sk-pool-a-0123456789', { status: 401 });
    for (let i = 0; i < 6; i++) {
      ahead += 2 * MINUTE;
      expect(await ask('pool')).toMatchObject({ status: 200, provider: 'pool' });
    }
  });
});

describe('when all targets are out', () => {
  it('they are asked as if none were, and no request fails that could be answered', async () => {
    const model = fresh();
    first.always({ status: 500 });
    second.always({ status: 503 });
    for (let i = 0; i < 3; i++) expect((await ask(model)).status).toBeGreaterThan(499);
    first.reset();
    second.reset();
    second.always({ status: 503 });
    const answered = await ask(model);
    expect(answered).toMatchObject({ status: 200, provider: 'first', attempts: '1' });
    expect(await recordOf(answered.id)).toMatchObject({
      passed_over: [{ provider: 'first' }, { provider: 'second' }],
    });
    // What answers is back at once, whatever its time.
    const after = await ask(model);
    expect(await recordOf(after.id)).toMatchObject({ passed_over: [], route: [{ provider: 'first' }] });
  });

  it('one that is out is asked after the others have failed', async () => {
    const model = fresh();
    await eject(model);
    first.reset();
    second.always({ status: 500 });
    expect(await ask(model)).toMatchObject({ status: 200, provider: 'first', attempts: '2' });
    expect(second.received.length).toBeGreaterThan(0);
  });
});

describe('retries', () => {
  it('end at a target that is out now, and go on there when the others have failed', async () => {
    first.always({ status: 500 });
    expect(await ask('patient')).toMatchObject({ status: 200, provider: 'second', attempts: '4' });
    ahead += 10 * MINUTE;
    expect(await ask('patient')).toMatchObject({ status: 200, provider: 'second', attempts: '2' });
    ahead += 20 * MINUTE;
    first.reset();
    first.next({ status: 500 });
    second.always({ status: 503 });
    // One try at the first, three at the second until it is out, then the first again.
    const told = await ask('patient');
    expect(told).toMatchObject({ status: 200, provider: 'first' });
    expect(first.received).toHaveLength(2);
  });
});

describe('settings', () => {
  it('of a model go before those of the gateway', async () => {
    first.always({ status: 500 });
    for (let i = 0; i < 8; i++) expect(await ask('off')).toMatchObject({ provider: 'second', attempts: '2' });
    expect(await ask('own')).toMatchObject({ attempts: '2' });
    expect(await ask('own')).toMatchObject(fromSecond);
    for (let i = 0; i < 8; i++) expect(await ask('alone')).toMatchObject({ status: 500, attempts: '1' });
  });

  it('hold for targets that are drawn by weight, too', async () => {
    first.always({ status: 500 });
    for (let i = 0; i < 20; i++) expect((await ask('shared')).status).toBe(200);
    expect(first.received.length).toBe(3);
  });

  it('may change: what is out stays so where the target is the same', async () => {
    const model = fresh();
    await eject(model);
    configure({ more: { targets: ['second/gpt-4o'] } });
    await until('the new configuration is in use', async () => (await ask('more')).status === 200);
    const asked = first.received.length;
    expect(await ask(model)).toMatchObject(fromSecond);
    expect(first.received).toHaveLength(asked);
  });
});
