import type { SettledRecord } from '@headgate/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { costJson } from '../../core/admin/requests/cost-json.js';
import { costNano } from '../../core/catalog/prices/cost.js';
import { PriceTable } from '../../core/catalog/prices/price-table.js';
import type { ModelPrice } from '../../core/catalog/prices/rates.js';
import { startOpenAi } from '../fakes/openai.js';
import { behind, type Embedded, embed, json } from '../gateway/embedded.js';
import { settled, usage } from '../store/records.js';

type Json = Record<string, unknown>;
interface Cost {
  readonly total_usd: string;
  readonly parts: Record<string, string> | null;
  readonly why?: string;
}

const openai = await startOpenAi();
let gateway: Embedded;
beforeAll(async () => {
  gateway = await embed({
    config: {
      providers: behind(openai),
      prices: {
        'openai/gpt-4o': {
          input_per_million_usd: 3,
          cache_read_per_million_usd: 0.3,
          output_per_million_usd: 15,
        },
      },
    } as never,
  });
});
afterAll(async () => {
  await gateway.close();
  await openai.close();
});

async function costOf(model: string): Promise<{ cost: Cost | null; costUsd: unknown }> {
  const body = { model, messages: [{ role: 'user', content: 'Hello' }] };
  const answer = await gateway.fetch('/v1/chat/completions', json(body));
  await answer.text();
  const id = String(answer.headers.get('x-headgate-request-id'));
  const told = (await (await gateway.fetch(`/api/requests/${id}`)).json()) as Json;
  return { cost: told['cost'] as Cost | null, costUsd: told['cost_usd'] };
}

describe('the cost of one request', () => {
  it('is told with its parts, which add up to it', async () => {
    openai.next({ answer: { usage: { input: 1000, output: 10, cacheRead: 900 } } });
    const { cost, costUsd } = await costOf('openai/gpt-4o');
    expect(costUsd).toBe('0.00072');
    expect(cost).toEqual({
      total_usd: '0.00072',
      parts: { input: '0.0003', cache_read: '0.00027', output: '0.00015' },
    });
  });

  it('has no parts where nothing cost anything, and is null where no price is known', async () => {
    expect((await costOf('mock/hello')).cost).toEqual({ total_usd: '0', parts: {} });
    expect((await costOf('openai/nobody-knows-its-price')).cost).toBeNull();
  });

  it('has no parts, and says why, where the prices that are known do not come to it', () => {
    const used = usage({ inputTokens: 100, outputTokens: 10 });
    const record = settled({ provider: 'openai', targetModel: 'gpt-4o', usage: used });
    const prices = PriceTable.load();
    const price = prices.find('openai', 'gpt-4o', record.time);
    const right = costNano(price as ModelPrice, used);
    const told = (more: Partial<SettledRecord>) => costJson({ ...record, ...more }, () => prices);
    expect(told({ costNano: right })?.parts).toHaveProperty('output');
    expect(told({ costNano: right + 1 })).toMatchObject({
      parts: null,
      why: expect.stringContaining('was changed since'),
    });
    expect(told({ costNano: 5, usage: null })).toMatchObject({ total_usd: '0.000000005', parts: null });
    expect(told({ costNano: 5, provider: 'gone' })?.why).toContain('"gone/gpt-4o"');
    expect(told({ costNano: null })).toBeNull();
  });
});
