import type { Usage, UsageUnits } from '@headgate/sdk';
import { calcPrice, waitForUpdate } from '@pydantic/genai-prices';
import { describe, expect, test } from 'vitest';
import { costNano } from '../../core/catalog/prices/cost.js';
import { PriceTable } from '../../core/catalog/prices/price-table.js';
import { usageOf } from './usage-of.js';

const table = PriceTable.load();
const NOW = Date.parse('2026-11-22T12:00:00Z');

/** Our usage in the words of genai-prices; its cache writes are the sum of both lifetimes. */
function inTheirWords(usage: Usage): Record<string, number> {
  return {
    input_tokens: usage.inputTokens,
    output_tokens: usage.outputTokens,
    cache_read_tokens: usage.cacheReadTokens,
    cache_write_tokens: usage.cacheWriteTokens + usage.cacheWriteLongTokens,
    cache_write_1h_tokens: usage.cacheWriteLongTokens,
    output_reasoning_tokens: usage.reasoningTokens,
    input_audio_tokens: usage.inputAudioTokens,
    output_audio_tokens: usage.outputAudioTokens,
    cache_audio_read_tokens: 0,
    input_image_tokens: usage.units?.inputImageTokens ?? 0,
    output_image_tokens: usage.units?.outputImageTokens ?? 0,
    cache_image_read_tokens: usage.units?.cachedImageTokens ?? 0,
    input_video_tokens: usage.units?.inputVideoTokens ?? 0,
    output_video_tokens: usage.units?.outputVideoTokens ?? 0,
    output_citation_tokens: usage.units?.citationTokens ?? 0,
    audio_seconds: (usage.units?.inputAudioMs ?? 0) / 1000,
    input_audio_seconds: (usage.units?.inputAudioMs ?? 0) / 1000,
    input_document_pages: usage.units?.pages ?? 0,
    input_annotated_document_pages: usage.units?.annotatedPages ?? 0,
    web_searches: usage.units?.webSearches ?? 0,
    storage_searches: usage.units?.fileSearches ?? 0,
  };
}

/** Their total in nano-dollars, not rounded. */
function theirs(providerId: string, model: string, usage: Usage, at = NOW): number | null {
  const result = calcPrice(inTheirWords(usage), model, { providerId, timestamp: new Date(at) });
  return result === null ? null : result.total_price * 1e9;
}

const plain = usageOf({ inputTokens: 1234, outputTokens: 567 });
const odd = usageOf({ inputTokens: 7, outputTokens: 3 });
const cached = usageOf({ inputTokens: 52_345, outputTokens: 911, cacheReadTokens: 48_001 });
const written = usageOf({
  inputTokens: 30_003,
  outputTokens: 77,
  cacheReadTokens: 9_001,
  cacheWriteTokens: 20_001,
});
const longWritten = usageOf({ ...written, inputTokens: 45_004, cacheWriteLongTokens: 15_001 });
const huge = usageOf({ inputTokens: 300_001, outputTokens: 4_321, cacheReadTokens: 123_457 });
const audio = usageOf({
  inputTokens: 3_003,
  outputTokens: 2_002,
  inputAudioTokens: 1_777,
  outputAudioTokens: 1_111,
});
const thinking = usageOf({ inputTokens: 4_001, outputTokens: 9_009, reasoningTokens: 7_007 });

const withUnits = (usage: Usage, units: UsageUnits): Usage => ({ ...usage, units });

/** Our provider, theirs, the model, the usage, and a moment where the price depends on it. */
const EXAMPLES: [string, string, string, Usage, string?][] = [
  ['openai', 'openai', 'gpt-4o', plain],
  ['openai', 'openai', 'gpt-4o-2024-08-06', cached],
  ['openai', 'openai', 'gpt-4o-2024-05-13', plain],
  ['openai', 'openai', 'gpt-4o-mini', odd],
  ['openai', 'openai', 'gpt-4.1-nano', cached],
  ['openai', 'openai', 'o3', thinking],
  ['openai', 'openai', 'o3', thinking, '2025-06-09T23:59:59Z'],
  ['openai', 'openai', 'gpt-5.6-sol', huge],
  ['openai', 'openai', 'gpt-5.6-sol', usageOf({ inputTokens: 272_000, outputTokens: 10 })],
  ['openai', 'openai', 'gpt-5.6-sol', usageOf({ inputTokens: 271_999, outputTokens: 10 })],
  ['openai', 'openai', 'gpt-realtime', audio],
  ['openai', 'openai', 'text-embedding-3-small', usageOf({ inputTokens: 8_191 })],
  ['anthropic', 'anthropic', 'claude-sonnet-4-5', plain],
  ['anthropic', 'anthropic', 'claude-sonnet-4-5-20250929', written],
  ['anthropic', 'anthropic', 'claude-sonnet-4-5', longWritten],
  ['anthropic', 'anthropic', 'claude-sonnet-4-5', huge],
  ['anthropic', 'anthropic', 'claude-haiku-4-5', longWritten],
  ['anthropic', 'anthropic', 'claude-3-5-haiku-latest', cached],
  ['anthropic', 'anthropic', 'claude-opus-4-6', huge],
  ['anthropic', 'anthropic', 'claude-opus-4-6', huge, '2026-01-01T00:00:00Z'],
  ['groq', 'groq', 'llama-3.3-70b-versatile', plain],
  ['mistral', 'mistral', 'mistral-large-latest', odd],
  ['mistral', 'mistral', 'codestral-latest', plain],
  ['deepseek', 'deepseek', 'deepseek-v4-flash', cached, '2026-11-22T02:00:00Z'],
  ['deepseek', 'deepseek', 'deepseek-v4-flash', cached, '2026-11-22T05:00:00Z'],
  ['deepseek', 'deepseek', 'deepseek-chat', cached, '2026-11-22T00:30:00Z'],
  ['deepseek', 'deepseek', 'deepseek-chat', cached, '2026-11-22T16:30:00Z'],
  ['together', 'together', 'meta-llama/Llama-3.3-70B-Instruct-Turbo', plain],
  ['openrouter', 'openrouter', 'anthropic/claude-sonnet-4.5', cached],
  ['openrouter', 'openrouter', 'perplexity/sonar-deep-research', thinking],
  ['perplexity', 'perplexity', 'sonar-pro', plain],
  ['gemini', 'google', 'gemini-2.5-pro', plain],
  ['gemini', 'google', 'gemini-2.5-pro', huge],
  ['gemini', 'google', 'gemini-2.5-flash', audio],
  ['gemini', 'google', 'gemini-3.6-flash', plain],
  ['gemini', 'google', 'gemini-3.6-flash', plain, '2027-01-01T00:00:00Z'],
  ['bedrock', 'aws', 'us.anthropic.claude-sonnet-4-5-20250929-v1:0', cached],
  ['azure', 'azure', 'gpt-4o', cached],
  ['xai', 'x-ai', 'grok-4', cached],
  ['openai', 'openai', 'gpt-image-1', withUnits(plain, { inputImageTokens: 700, outputImageTokens: 567 })],
  ['gemini', 'google', 'gemini-3-pro-image', withUnits(plain, { outputImageTokens: 500 })],
  [
    'gemini',
    'google',
    'gemini-embedding-2',
    withUnits(plain, { inputImageTokens: 300, inputVideoTokens: 400 }),
  ],
  [
    'openai',
    'openai',
    'gpt-realtime',
    withUnits(cached, { inputImageTokens: 1_000, cachedImageTokens: 800 }),
  ],
  ['openai', 'openai', 'gpt-4o', withUnits(plain, { webSearches: 3, fileSearches: 7 })],
  ['anthropic', 'anthropic', 'claude-sonnet-4-5', withUnits(cached, { webSearches: 4 })],
  ['openai', 'openai', 'whisper-1', usageOf({ units: { inputAudioMs: 754_321 } })],
  ['groq', 'groq', 'whisper-large-v3-turbo', usageOf({ units: { inputAudioMs: 3_600_000 } })],
  ['mistral', 'mistral', 'mistral-ocr-2512', usageOf({ units: { pages: 12 } })],
  ['mistral', 'mistral', 'mistral-ocr-4-0', usageOf({ units: { pages: 12, annotatedPages: 5 } })],
];

describe('costs agree with genai-prices', () => {
  test.each(EXAMPLES)('%s (%s) %s %#', (ours, provider, model, usage, moment) => {
    const at = moment === undefined ? NOW : Date.parse(moment);
    const expected = theirs(provider, model, usage, at);
    const price = table.find(ours, model, at);
    expect(price?.source).toBe('genai-prices');
    expect(expected).toBeGreaterThan(0);
    // Theirs is a sum of doubles: ours must be the integer nearest to it.
    expect(Math.abs(costNano(price!, usage) - expected!)).toBeLessThanOrEqual(0.5 + 1e-4);
  });

  test('for every model it prices by the token, now and on past and coming dates', async () => {
    const usages = [plain, cached, longWritten, huge, audio, thinking];
    const moments = [NOW, Date.parse('2025-05-01T20:00:00Z'), Date.parse('2027-02-01T08:00:00Z')];
    let compared = 0;
    for (const provider of await waitForUpdate().then((all) => all ?? [])) {
      for (const { id } of provider.models) {
        for (const at of moments) {
          for (const usage of usages) {
            const expected = theirs(provider.id, id, usage, at);
            if (expected === null || expected === 0) continue;
            const price = table.find(provider.id, id, at);
            const found = `${provider.id}/${id}: ${price?.source}`;
            expect(found).toBe(`${provider.id}/${id}: genai-prices`);
            // Some cache writes cost a third of a round number: we keep a rate to the nearest pico-dollar.
            const slack = 0.5 + 1e-4 + 0.0005 * (usage.cacheWriteTokens + usage.cacheWriteLongTokens);
            if (Math.abs(costNano(price!, usage) - expected) > slack)
              expect.fail(`${found} ${at} ${expected}`);
            compared++;
          }
        }
      }
    }
    expect(compared).toBeGreaterThan(20_000);
  });
});
