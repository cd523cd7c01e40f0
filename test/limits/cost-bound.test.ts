import { describe, expect, it } from 'vitest';
import { costNano } from '../../core/catalog/prices/cost.js';
import { PriceTable } from '../../core/catalog/prices/price-table.js';
import { maxCost, maxOutputTokens } from '../../core/cost-bound.js';
import type { Exchange } from '../../core/exchange.js';
import { openaiChat } from '../../plugins/formats/openai-chat/index.js';
import { usageOf } from '../prices/usage-of.js';

const prices = PriceTable.load({ freeProviders: ['local'] });

interface Asked {
  targets: readonly string[];
  body?: number;
  fields?: Record<string, unknown>;
  fallbacks?: string;
  operation?: 'chat' | 'embedding' | 'count-tokens';
}

const targetOf = (name: string) => {
  const slash = name.indexOf('/');
  const provider = { id: name.slice(0, slash) };
  return { provider, model: name.slice(slash + 1), speech: new Map([[openaiChat.id, {}]]) };
};

/** As much of an exchange as the bound looks at. */
function exchange({ targets, body = 1000, fields = {}, fallbacks, operation = 'chat' }: Asked): Exchange {
  return {
    edited: false,
    forward: null,
    tool: null,
    leastNano: 0,
    canonical: null,
    endpoint: { format: { ...openaiChat, operation } },
    json: (name: string) => (name in fields ? JSON.stringify(fields[name]) : undefined),
    header: () => fallbacks,
    incoming: { body: { bytes: Buffer.alloc(body) } },
    runtime: { prices, models: { find: (name: string) => ({ targets: [targetOf(name)] }) } },
    receivedAt: Date.UTC(2026, 10, 22),
    route: { targets: targets.map(targetOf) },
    targets: [],
  } as unknown as Exchange;
}

const GPT = 'openai/gpt-4o';
const CLAUDE = 'anthropic/claude-sonnet-4-5';

describe('the most a request can cost', () => {
  it('is no less than any usage within its bytes and its cap costs', () => {
    const most = maxCost(exchange({ targets: [GPT], fields: { max_tokens: 300 } }));
    const price = prices.find('openai', 'gpt-4o');
    if (price === null) throw new Error('no price');
    expect(most).toBeGreaterThanOrEqual(costNano(price, usageOf({ inputTokens: 1512, outputTokens: 300 })));
    expect(most).toBe(1512 * 2_500 + 300 * 10_000);
  });

  it('is that of the dearest target, those of the fallback header included', () => {
    const fields = { max_tokens: 10 };
    const gpt = maxCost(exchange({ targets: [GPT], fields }));
    const claude = maxCost(exchange({ targets: [CLAUDE], fields }));
    expect(claude).toBeGreaterThan(gpt ?? 0);
    expect(maxCost(exchange({ targets: [GPT, CLAUDE], fields }))).toBe(claude);
    expect(maxCost(exchange({ targets: [GPT], fields, fallbacks: `x/y, ${CLAUDE}` }))).toBe(claude);
  });

  it('counts every choice that is asked for, with and without a cap', () => {
    const input = 1512 * 2_500;
    expect(maxCost(exchange({ targets: [GPT], fields: { max_tokens: 10, n: 3 } }))).toBe(input + 30 * 10_000);
    expect(maxCost(exchange({ targets: [GPT], fields: { n: 3 } }))).toBe(input + 3 * 16_384 * 10_000);
  });

  it("takes the model's own cap when the request sets none", () => {
    expect(maxCost(exchange({ targets: [GPT] }))).toBe(1512 * 2_500 + 16_384 * 10_000);
  });

  it('takes no more input than the model can read', () => {
    const huge = exchange({ targets: [GPT], body: 40_000_000, fields: { max_tokens: 0 } });
    expect(maxCost(huge)).toBe(128_000 * 2_500);
  });

  it('has a part for the input alone', () => {
    expect(maxCost(exchange({ targets: [GPT] }), 0)).toBe(1512 * 2_500);
  });

  it('is nothing for free models and for counting tokens, and unknown without a price', () => {
    expect(maxCost(exchange({ targets: ['local/any'] }))).toBe(0);
    expect(maxCost(exchange({ targets: [GPT], operation: 'count-tokens' }))).toBe(0);
    expect(maxCost(exchange({ targets: ['nobody/knows'] }))).toBeNull();
    expect(maxCost(exchange({ targets: ['nobody/knows', 'local/any'] }))).toBe(0);
  });

  it('has no output for embeddings', () => {
    expect(maxCost(exchange({ targets: [GPT], operation: 'embedding' }))).toBe(1512 * 2_500);
  });

  it('follows a request that a plugin has changed', () => {
    const changed = Object.assign(exchange({ targets: [GPT], fields: { max_tokens: 10 } }), {
      edited: true,
      canonical: { maxOutputTokens: 50, choices: 2, messages: [{ text: 'x'.repeat(5_000) }] },
    });
    expect(maxOutputTokens(changed)).toBe(100);
    expect(maxCost(changed)).toBeGreaterThan(5_000 * 2_500 + 100 * 10_000);
  });
});
