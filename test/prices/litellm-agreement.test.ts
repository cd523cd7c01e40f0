import { readFileSync } from 'node:fs';
import type { Usage } from '@headgate/sdk';
import { describe, expect, test } from 'vitest';
import { costNano } from '../../core/catalog/prices/cost.js';
import { PriceTable } from '../../core/catalog/prices/price-table.js';
import { usageOf } from './usage-of.js';

type Raw = Record<string, unknown> & { tiered_pricing?: Record<string, unknown>[] };

/** Entries of LiteLLM's price map, copied as they are. */
const raw = JSON.parse(
  readFileSync(new URL('./fixtures/litellm-raw.json', import.meta.url), 'utf8'),
) as Record<string, Raw>;

/** A number as it was written, in units of 10^-24: no doubles on this side of the comparison. */
function decimal(value: unknown): bigint {
  const [mantissa = '', exponent = '0'] = String(value).toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const zeros = 24 - fraction.length + Number(exponent);
  return BigInt(whole + fraction) * 10n ** BigInt(zeros);
}

/** What LiteLLM's fields say a usage costs, in nano-dollars, rounded half up. */
function fromFields(entry: Raw, usage: Usage, inclusive = false): number {
  const fields: Raw = { ...entry };
  const ranged = entry.tiered_pricing?.find(({ range }) => {
    const [from, to] = range as [number, number];
    return usage.inputTokens > from && usage.inputTokens <= to;
  });
  Object.assign(fields, ranged);
  const steps = Object.keys(entry).flatMap((key) => {
    const match = /^(.*)_above_(\d+)k_tokens$/.exec(key);
    return match === null ? [] : [{ key, name: match[1]!, above: Number(match[2]) * 1000 }];
  });
  for (const { key, name, above } of steps.sort((a, b) => a.above - b.above)) {
    if (usage.inputTokens > above || (inclusive && usage.inputTokens === above)) fields[name] = entry[key];
  }
  const rate = (name: string, fallback: bigint): bigint =>
    fields[name] === undefined ? fallback : decimal(fields[name]);
  const input = rate('input_cost_per_token', 0n);
  const output = rate('output_cost_per_token', 0n);
  const write = rate('cache_creation_input_token_cost', input);
  const { inputTokens, cacheReadTokens, cacheWriteTokens, cacheWriteLongTokens, inputAudioTokens } = usage;
  const plainInput =
    inputTokens - cacheReadTokens - cacheWriteTokens - cacheWriteLongTokens - inputAudioTokens;
  const plainOutput = usage.outputTokens - usage.reasoningTokens - usage.outputAudioTokens;
  const total =
    BigInt(plainInput) * input +
    BigInt(cacheReadTokens) * rate('cache_read_input_token_cost', input) +
    BigInt(cacheWriteTokens) * write +
    BigInt(cacheWriteLongTokens) * rate('cache_creation_input_token_cost_above_1hr', write) +
    BigInt(inputAudioTokens) * rate('input_cost_per_audio_token', input) +
    BigInt(plainOutput) * output +
    BigInt(usage.reasoningTokens) * rate('output_cost_per_reasoning_token', output) +
    BigInt(usage.outputAudioTokens) * rate('output_cost_per_audio_token', output);
  const nano = 10n ** 15n;
  return Number((total + nano / 2n) / nano);
}

const plain = usageOf({ inputTokens: 1_237, outputTokens: 563 });
const cached = usageOf({ inputTokens: 52_345, outputTokens: 911, cacheReadTokens: 48_001 });
const written = usageOf({
  inputTokens: 45_004,
  outputTokens: 77,
  cacheReadTokens: 9_001,
  cacheWriteTokens: 20_001,
  cacheWriteLongTokens: 15_001,
});
const huge = usageOf({
  inputTokens: 300_001,
  outputTokens: 4_321,
  cacheReadTokens: 123_457,
  cacheWriteTokens: 17,
});
const audio = usageOf({
  inputTokens: 3_003,
  outputTokens: 2_002,
  inputAudioTokens: 1_777,
  outputAudioTokens: 1_111,
});
const thinking = usageOf({ inputTokens: 4_001, outputTokens: 9_009, reasoningTokens: 7_007 });
const of = (inputTokens: number): Usage => usageOf({ inputTokens, outputTokens: 101, cacheReadTokens: 13 });

/** Our provider and model, the key in LiteLLM's map, the usage. */
const EXAMPLES: [string, string, string, Usage][] = [
  ['dashscope', 'qwen-plus-2025-07-28', 'dashscope/qwen-plus-2025-07-28', thinking],
  [
    'dashscope',
    'qwen-plus-2025-07-28',
    'dashscope/qwen-plus-2025-07-28',
    { ...thinking, inputTokens: 256_001 },
  ],
  ['dashscope', 'qwen-flash', 'dashscope/qwen-flash', of(256_000)],
  ['dashscope', 'qwen3-coder-plus', 'dashscope/qwen3-coder-plus', of(32_000)],
  ['dashscope', 'qwen3-coder-plus', 'dashscope/qwen3-coder-plus', of(32_001)],
  ['dashscope', 'qwen3-coder-plus', 'dashscope/qwen3-coder-plus', huge],
  ['vercel', 'anthropic/claude-sonnet-4', 'vercel_ai_gateway/anthropic/claude-sonnet-4', written],
  ['deepinfra', 'Qwen/Qwen3-14B', 'deepinfra/Qwen/Qwen3-14B', plain],
  ['xai', 'grok-4.7', 'xai/grok-4.7', of(199_999)],
  ['xai', 'grok-4.7', 'xai/grok-4.7', of(200_000)],
  ['azure_ai', 'grok-4.3', 'azure_ai/grok-4.3', of(200_000)],
  ['azure_ai', 'grok-4.3', 'azure_ai/grok-4.3', of(200_001)],
  ['azure_ai', 'gpt-6-sol', 'azure_ai/gpt-6-sol', huge],
  ['azure_ai', 'claude-haiku-4-5', 'azure_ai/claude-haiku-4-5', written],
  ['bedrock', 'us.anthropic.claude-fable-5', 'us.anthropic.claude-fable-5', written],
  ['databricks', 'databricks-gemini-3-1-pro', 'databricks/databricks-gemini-3-1-pro', huge],
  ['databricks', 'databricks-claude-sonnet-4-1', 'databricks/databricks-claude-sonnet-4-1', cached],
  ['azure', 'gpt-audio-1.5-2026-02-23', 'azure/gpt-audio-1.5-2026-02-23', audio],
  ['azure', 'eu/gpt-4o', 'azure/eu/gpt-4o', cached],
  ['groq', 'qwen/qwen3.8-27b', 'groq/qwen/qwen3.8-27b', plain],
  ['mistral', 'ministral-3b-latest', 'mistral/ministral-3b-latest', cached],
  ['anthropic', 'claude-haiku-5-5', 'claude-haiku-5-5', written],
  ['anthropic', 'claude-haiku-5-5', 'claude-haiku-5-5', huge],
  ['novita', 'moonshotai/kimi-k2.7-code', 'novita/moonshotai/kimi-k2.7-code', cached],
  ['voyage', 'rerank-2', 'voyage/rerank-2', usageOf({ inputTokens: 12_345 })],
  ['kyma', 'qwen3.7-flash', 'kyma/qwen3.7-flash', of(32_001)],
  ['kyma', 'qwen3.7-flash', 'kyma/qwen3.7-flash', of(256_001)],
  ['openai', 'ft:gpt-4.1-2025-04-14:acme::abc123', 'ft:gpt-4.1-2025-04-14', cached],
];

describe('costs agree with the fields of the LiteLLM price map', () => {
  const table = PriceTable.load();

  test.each(EXAMPLES)('%s %s (%s) %#', (provider, model, key, usage) => {
    const price = table.find(provider, model);
    expect(price?.source).toBe('litellm');
    const expected = fromFields(raw[key]!, usage, provider === 'xai');
    expect(expected).toBeGreaterThan(0);
    expect(costNano(price!, usage)).toBe(expected);
  });

  test('a rate in the thousands of dollars per million tokens is a slip of the source, not a price', () => {
    expect(raw['azure_ai/jais-30b-chat']?.['output_cost_per_token']).toBe(0.00971);
    expect(table.find('azure', 'jais-30b-chat')).toBeNull();
  });
});
