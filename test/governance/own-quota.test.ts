import type { UsedBy } from '@headgate/sdk';
import { expect, it } from 'vitest';
import { ownQuotaSchema } from '../../core/admin/openapi-me.js';
import { ownQuota } from '../../core/admin/own-quota.js';
import { resolveGroup, resolveKeyRules } from '../../core/config/entity.js';
import { entitySchemas } from '../../core/config/sections/entities.js';
import { storedKeySchema } from '../../core/config/sections/keys.js';
import { anonymous } from '../../core/identity/virtual-key.js';

const NOW = Date.UTC(2026, 10, 27, 9, 30, 20);
const key = resolveKeyRules(
  'key_1',
  'dev',
  storedKeySchema.parse({
    models: ['mock/*'],
    budget: { usd: 2, per: 'day' },
    limits: { rpm: 60, parallel_requests: 4 },
  }),
);
const team = resolveGroup(
  'team',
  'support',
  entitySchemas.team.parse({
    name: 'Support',
    budgets: [
      { usd: 1, per: 'month', time_zone: 'Europe/Vienna', raise: { usd: 1, until: '2026-12-01' } },
      { usd: 0.1, per: 'hour', window: 'rolling', hard: false },
    ],
    limits: {
      windows: [
        { total_tokens: 100, input_tokens: 90, output_tokens: 5, per: 'day' },
        { usd: 0.5, per: 'week', window: 'rolling' },
      ],
    },
  }) as never,
);

interface Told extends Record<string, unknown> {
  budgets: Record<string, unknown>[];
  limits: Record<string, unknown>[];
}

it('tells what is left of each budget and limit, of the key and of what it belongs to, and when it starts again', async () => {
  const asked: string[] = [];
  const ledger = {
    async used({ kind, id }: UsedBy, since: number) {
      asked.push(`${kind} ${id} ${new Date(since).toISOString()}`);
      return { requests: 7, inputTokens: 80, outputTokens: 10, nanos: 150_000_000 };
    },
  };
  const caller = { ...anonymous, id: 'key_1', name: 'dev', models: ['mock/*'], chain: [key.link, team.link] };
  const told = (await ownQuota(caller, ledger, NOW)) as Told;
  const day = { since: '2026-11-27T00:00:00.000Z', resets_at: '2026-11-28T00:00:00.000Z' };
  const spent = { spent_usd: '0.150000000' };
  expect(told).toMatchObject({
    id: 'key_1',
    models: ['mock/*'],
    belongs_to: [{ kind: 'team', id: 'support', name: 'Support' }],
  });
  expect(told.budgets).toMatchObject([
    { of: { kind: 'key' }, usd: 2, ...spent, remaining_usd: '1.850000000', ...day },
    // The raise counts.
    {
      of: { kind: 'team' },
      usd: 1,
      ...spent,
      remaining_usd: '1.850000000',
      resets_at: '2026-11-30T23:00:00.000Z',
    },
    {
      of: { kind: 'team' },
      ...spent,
      remaining_usd: '0.000000000',
      since: '2026-11-27T08:30:20.000Z',
      resets_at: null,
    },
  ]);
  expect(told.limits).toMatchObject([
    { of: { id: 'key_1' }, requests: 60, used: 7, remaining: 53, resets_at: '2026-11-27T09:31:00.000Z' },
    { of: { id: 'key_1' }, parallel_requests: 4 },
    { of: { id: 'support' }, input_tokens: 90, used: 80, remaining: 10, ...day },
    { output_tokens: 5, used: 10, remaining: 0, ...day },
    { total_tokens: 100, used: 90, remaining: 10, ...day },
    { usd: 0.5, ...spent, remaining_usd: '0.350000000', since: '2026-11-20T09:30:20.000Z', resets_at: null },
  ]);
  // Each window is asked for once.
  expect(new Set(asked).size).toBe(asked.length);

  const { required, properties } = ownQuotaSchema as {
    required: string[];
    properties: Record<string, unknown>;
  };
  expect(Object.keys(told).toSorted()).toEqual(required.toSorted());
  for (const part of ['budgets', 'limits'] as const) {
    const items = (properties[part] as { items: { required: string[]; properties: object } }).items;
    for (const one of told[part]) {
      for (const name of Object.keys(one)) expect(Object.keys(items.properties)).toContain(name);
      for (const name of items.required) expect(Object.keys(one)).toContain(name);
    }
  }
});
