import { type ChainLink, emptyUsage, type SettledRecord } from '@headgate/sdk';
import {
  type FakeHost,
  type FakeView,
  fakeHost,
  settledRecord,
  setUp,
  type TestedPlugin,
} from '@headgate/sdk/testing';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import budget from '../../plugins/budget/index.js';
import { budgetOf, link } from './link.js';

const CENT = 10_000_000;
const DAY = 86_400_000;
const ci = link({ id: 'ci', name: 'ci', budgets: [budgetOf(CENT)] });
const callerOf = (...chain: ChainLink[]) => ({
  id: chain[0]?.id ?? '',
  name: chain[0]?.name ?? '',
  models: ['*'],
  metadata: {},
  chain,
});
const caller = callerOf(ci);

let host: FakeHost;
beforeEach(() => {
  host = fakeHost({ now: Date.UTC(2026, 10, 22, 18) });
});

const plugin = (): Promise<TestedPlugin> => setUp(budget, { host });

/** Asks whether a request that may cost that much may go on; answers with the refusal if it may not. */
async function ask(
  tested: TestedPlugin,
  total: number | null,
  input = 0,
  principal: typeof caller | null = caller,
) {
  const maxCostNano = total === null ? null : { total, input };
  const { result, view } = await tested.run('request', { view: { principal, maxCostNano } });
  return { view, refused: result as { type: string; error: Record<string, unknown> } | undefined };
}

const settle = (tested: TestedPlugin, view: FakeView, more: Partial<SettledRecord>): Promise<unknown> =>
  tested.run('settled', { view, value: { ...settledRecord(), keyId: 'ci', ...more } });

const spent = async (period = 'month' as const, id = 'ci'): Promise<number> =>
  (await host.counters.open(`spent-hard:${period}:calendar:UTC:key:${id}`, { period })).value();

const attempt = (status: number) => ({
  provider: 'openai',
  model: 'gpt-4o',
  key: 'k',
  status,
  error: null,
  ms: 1,
});

describe('a budget', () => {
  it('reserves the most a request can cost and keeps what it did cost', async () => {
    const tested = await plugin();
    const { view } = await ask(tested, 6_000_000);
    expect(await spent()).toBe(6_000_000);
    await settle(tested, view, { costNano: 1_234_567 });
    expect(await spent()).toBe(1_234_567);
  });

  it('refuses what might pass the cap, with 402, the cap, what is left and when it starts again', async () => {
    const tested = await plugin();
    await ask(tested, 6_000_000);
    const { refused } = await ask(tested, 4_000_001);
    expect(refused?.error).toMatchObject({ kind: 'budget', status: 402, code: 'budget_exceeded' });
    expect(refused?.error['message']).toBe(
      "The budget of key 'ci' is $0.01 a month, of which $0.004 is left, and this request may cost up to $0.004. " +
        'A lower cap on output tokens makes that less. It starts again at 2026-12-01T00:00:00Z.',
    );
    expect(refused?.error['retryAfterMs']).toBe(Date.UTC(2026, 11, 1) - Date.UTC(2026, 10, 22, 18));
    expect((await ask(tested, 4_000_000)).refused).toBeUndefined();
  });

  it('starts again with the next period, which an older request neither pays nor is paid from', async () => {
    const tested = await plugin();
    const { view } = await ask(tested, CENT);
    expect((await ask(tested, 1)).refused).toBeDefined();
    host.clock.advance(9 * DAY);
    expect((await ask(tested, 5)).refused).toBeUndefined();
    await settle(tested, view, { costNano: 100 });
    expect(await spent()).toBe(5);
  });

  it('counts keys apart, and callers without a budget not at all', async () => {
    const tested = await plugin();
    await ask(tested, CENT);
    const other = callerOf(link({ id: 'other', budgets: [budgetOf(CENT)] }));
    expect((await ask(tested, CENT, 0, other)).refused).toBeUndefined();
    expect((await ask(tested, CENT, 0, callerOf(link({ id: 'free' })))).refused).toBeUndefined();
    expect((await ask(tested, CENT, 0, null)).refused).toBeUndefined();
  });

  it('lets what costs nothing pass even when everything is spent', async () => {
    const tested = await plugin();
    await ask(tested, CENT);
    expect((await ask(tested, 0)).refused).toBeUndefined();
  });

  it('counts what the ledger knows of the running period before the first request', async () => {
    const asked: [string, number][] = [];
    host = fakeHost({
      now: Date.UTC(2026, 10, 22, 18),
      used: ({ kind, id }, since) => {
        asked.push([`${kind} ${id}`, since]);
        return { nanos: 9_000_000 };
      },
    });
    const tested = await plugin();
    expect((await ask(tested, 1_000_001)).refused).toBeDefined();
    expect(asked).toEqual([['key ci', Date.UTC(2026, 10, 1)]]);
    expect((await ask(tested, 1_000_000)).refused).toBeUndefined();
  });

  it('keeps its count when the cap is changed, and the new cap counts', async () => {
    const before = await plugin();
    const { view } = await ask(before, CENT);
    const after = await plugin();
    const raised = callerOf({ ...ci, budgets: [budgetOf(2 * CENT)] });
    expect((await ask(after, CENT + 1, 0, raised)).refused).toBeDefined();
    expect((await ask(after, CENT, 0, raised)).refused).toBeUndefined();
    await settle(before, view, { costNano: 10 });
    expect(await spent()).toBe(CENT + 10);
  });
});

describe('budgets of all that a key belongs to', () => {
  const team = link({
    kind: 'team',
    id: 'support',
    name: 'Support',
    budgets: [budgetOf(CENT, { per: 'day' })],
  });

  it('are all reserved from, and the one that refuses is named', async () => {
    const tested = await plugin();
    await ask(tested, 6_000_000, 0, callerOf(ci, team));
    const other = callerOf(link({ id: 'other' }), team);
    const { refused } = await ask(tested, 4_000_001, 0, other);
    expect(refused?.error).toMatchObject({ status: 402, code: 'budget_exceeded' });
    expect(refused?.error['message']).toContain(
      "The budget of team 'Support' is $0.01 a day, of which $0.004 is left",
    );
    expect((await ask(tested, 4_000_000, 0, other)).refused).toBeUndefined();
    // A request that the team refused has taken nothing of the key.
    expect((await ask(tested, 1, 0, callerOf(ci, team))).refused).toBeDefined();
    expect(await spent()).toBe(6_000_000);
  });

  it('may have several windows, each with its own end', async () => {
    const tested = await plugin();
    const budgets = [
      budgetOf(CENT, { per: 'day', timeZone: 'America/New_York' }),
      budgetOf(2 * CENT, { window: 'rolling' }),
    ];
    const both = callerOf(link({ kind: 'organization', id: 'acme', name: 'Acme', budgets }));
    await ask(tested, CENT, 0, both);
    const day = (await ask(tested, 1, 0, both)).refused;
    expect(day?.error['message']).toContain('$0.01 a day of America/New_York');
    expect(day?.error['message']).toContain('It starts again at 2026-11-23T05:00:00Z');
    host.clock.advance(DAY);
    await ask(tested, CENT, 0, both);
    host.clock.advance(DAY);
    const rolling = (await ask(tested, 1, 0, both)).refused;
    expect(rolling?.error['message']).toContain('$0.02 in any 30 days');
    // The first of it is free again when it was 30 days ago.
    expect(rolling?.error['message']).toMatch(/Some of it is free again at 2026-12-2[23]T/);
  });

  it('that are soft are passed, and the answer and the log say so', async () => {
    const tested = await plugin();
    const soft = callerOf(
      link({ kind: 'team', id: 't', name: 'Söft', budgets: [budgetOf(CENT, { hard: false })] }),
    );
    const first = await ask(tested, CENT, 0, soft);
    expect(first.view.answerHeaders).toEqual([]);
    const second = await ask(tested, CENT, 0, soft);
    expect(second.refused).toBeUndefined();
    expect(second.view.answerHeaders).toEqual(['x-headgate-budget-passed', "Team 'S?ft', a month"]);
    await ask(tested, CENT, 0, soft);
    expect(host.logs.filter(({ message }) => message === 'a soft budget is passed')).toHaveLength(1);
  });

  it('may be raised for a time', async () => {
    const tested = await plugin();
    const raise = { nanos: CENT, untilMs: host.clock.now() + DAY };
    const raised = callerOf(link({ budgets: [budgetOf(CENT, { raise })] }));
    expect((await ask(tested, 2 * CENT, 0, raised)).refused).toBeUndefined();
    host.clock.advance(DAY);
    const { refused } = await ask(tested, 1, 0, raised);
    expect(refused?.error['message']).toContain('is $0.01 a month, of which $0.00 is left');
  });

  it('hold what is expected once enough answers are known', async () => {
    const tested = await plugin();
    const expected = callerOf(link({ budgets: [budgetOf(CENT, { reserve: 'expected' })] }));
    for (let i = 1; i <= 20; i++) {
      const { view, refused } = await ask(tested, 5_000_000, 0, expected);
      expect(refused).toBeUndefined();
      await settle(tested, view, { costNano: i * 1000, model: view.model, outcome: 'ok' });
    }
    expect(await spent('month', 'k')).toBe(210_000);
    await ask(tested, 5_000_000, 0, expected);
    expect(await spent('month', 'k')).toBe(210_000 + 19_000);
  });

  it('send requests to a cheaper target from a share on', async () => {
    const tested = await plugin();
    const downgrade = { share: 0.5, provider: 'openai', model: 'gpt-5-nano' };
    const saving = callerOf(link({ budgets: [budgetOf(CENT, { downgrade })] }));
    const targets = [{ provider: 'openai', model: 'gpt-5' }];
    const routed = async (total: number) => {
      const { view } = await ask(tested, total, 0, saving);
      return (await tested.run('route', { view, value: targets })).result;
    };
    expect(await routed(CENT / 2 - 1)).toEqual(targets);
    // What a request itself may need does not count yet.
    expect(await routed(1)).toEqual(targets);
    expect(await routed(1)).toEqual([{ provider: 'openai', model: 'gpt-5-nano' }]);
  });

  it('as limits in dollars refuse as limits do', async () => {
    const tested = await plugin();
    const limits = [{ of: 'nanos', max: CENT, per: 'hour', window: 'calendar', timeZone: 'UTC' } as const];
    const limited = callerOf(link({ kind: 'tag', id: 'batch', name: 'batch', limits }));
    await ask(tested, CENT, 0, limited);
    const { refused } = await ask(tested, 1, 0, limited);
    expect(refused?.error).toMatchObject({ status: 429, code: 'rate_limit_exceeded' });
    expect(refused?.error['message']).toContain("Tag 'batch' may spend $0.01 an hour");
  });
});

describe('what is charged when the cost is not known', () => {
  const usage = { ...emptyUsage(), inputTokens: 5, outputTokens: 5 };
  it.each([
    ['a model without a price counts as nothing', { usage, attempts: [attempt(200)] }, 0],
    ['a request that no provider was asked for is free', { usage: null, attempts: [] }, 0],
    [
      'a failed request gives everything back',
      { usage: null, outcome: 'error', attempts: [attempt(500)] },
      0,
    ],
    [
      'a client that left before the answer began gets everything back',
      { usage: null, outcome: 'client-closed', attempts: [attempt(0)] },
      0,
    ],
    [
      'a client that left during the answer pays the input',
      { usage: null, outcome: 'client-closed', attempts: [attempt(200)] },
      1_000,
    ],
    [
      'a provider that broke off is paid the input',
      { usage: null, outcome: 'error', attempts: [attempt(429), attempt(200)] },
      1_000,
    ],
    [
      'a whole answer without usage costs what was reserved',
      { usage: null, outcome: 'ok', attempts: [attempt(200)] },
      7_000,
    ],
  ] as const)('%s', async (_, record, charged) => {
    const tested = await plugin();
    const { view } = await ask(tested, 7_000, 1_000);
    await settle(tested, view, {
      costNano: null,
      outcome: 'ok',
      ...record,
    } as unknown as Partial<SettledRecord>);
    expect(await spent()).toBe(charged);
  });

  it('is said once per model', async () => {
    const tested = await plugin();
    for (const targetModel of ['a', 'b', 'a']) {
      const { view } = await ask(tested, null);
      await settle(tested, view, { costNano: null, usage, provider: 'local', targetModel });
    }
    const warned = host.logs.filter(({ level }) => level === 'warn');
    expect(warned.map(({ fields }) => fields['model'])).toEqual(['local/a', 'local/b']);
    expect(warned[0]?.message).toContain('no price is known');
  });

  it('is nothing for a model without a price, but what it turned out to cost counts', async () => {
    const tested = await plugin();
    const { view } = await ask(tested, null);
    await settle(tested, view, { costNano: 77 });
    expect(await spent()).toBe(77);
  });
});

it('never passes the cap and ends at the sum of the costs, whatever the order', async () => {
  const job = fc.record({
    most: fc.nat(4_000_000),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    late: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(job, { maxLength: 40 }), async (jobs) => {
      host = fakeHost({ now: Date.UTC(2026, 1, 3) });
      const tested = await plugin();
      let truth = 0;
      const late: (() => Promise<unknown>)[] = [];
      for (const { most, share, late: waits } of jobs) {
        const { view, refused } = await ask(tested, most);
        expect(await spent()).toBeLessThanOrEqual(CENT);
        if (refused !== undefined) continue;
        const costNano = Math.floor(most * share);
        truth += costNano;
        const end = (): Promise<unknown> => settle(tested, view, { costNano });
        if (waits) late.push(end);
        else await end();
      }
      for (const end of late.reverse()) await end();
      expect(await spent()).toBe(truth);
      expect(truth).toBeLessThanOrEqual(CENT);
    }),
    { numRuns: 50 },
  );
});
