import { describe, expect, test } from 'vitest';
import { costNano } from '../../core/catalog/prices/cost.js';
import { PriceTable } from '../../core/catalog/prices/price-table.js';
import { usageOf } from './usage-of.js';

const table = PriceTable.load();
const million = usageOf({ inputTokens: 1_000_000, outputTokens: 1_000_000 });
const inAndOut = (provider: string, model: string): number[] | null => {
  const price = table.find(provider, model);
  return price === null ? null : [price.rates.input, price.rates.output];
};

describe('a model is found', () => {
  const gpt4o = [2_500_000, 10_000_000];
  test.each([
    ['openai', 'gpt-4o', gpt4o],
    ['openai', 'GPT-4o', gpt4o],
    ['openai', 'openai/gpt-4o', gpt4o],
    ['openai', 'gpt-4o-2024-08-06', gpt4o],
    ['openai', 'gpt-4o-2031-01-31', gpt4o],
    ['openai', 'gpt-4o-latest', gpt4o],
    ['azure', 'gpt-4o', gpt4o],
    ['anthropic', 'claude-sonnet-4-5-20250929', [3_000_000, 15_000_000]],
    ['vertex', 'claude-sonnet-4-5@20250929', [3_000_000, 15_000_000]],
    ['gemini', 'models/gemini-2.5-flash', [300_000, 2_500_000]],
    ['vertex', 'publishers/google/models/gemini-2.5-flash', [300_000, 2_500_000]],
    [
      'bedrock',
      'arn:aws:bedrock:us-east-1::inference-profile/us.anthropic.claude-fable-5',
      [11_000_000, 55_000_000],
    ],
    ['together_ai', 'Qwen/Qwen2.5-7B-Instruct-Turbo', [300_000, 300_000]],
    ['openrouter', 'anthropic/claude-sonnet-4.5', [3_000_000, 15_000_000]],
  ])('%s %s', (provider, model, expected) => {
    expect(inAndOut(provider, model)).toEqual(expected);
  });

  test('under its exact name before a name without its date', () => {
    expect(inAndOut('openai', 'gpt-4o-2024-05-13')).toEqual([5_000_000, 15_000_000]);
  });

  test('and stays found: the second question gets the same object', () => {
    expect(table.find('openai', 'gpt-4o')).toBe(table.find('openai', 'gpt-4o'));
  });
});

describe('a price nobody knows is null, never zero', () => {
  test.each([
    ['openai', 'no-such-model'],
    ['no-such-provider', 'gpt-4o'],
    ['', ''],
    ['openai', ''],
    ['openai', 'x'.repeat(100_000)],
    ['openai', '__proto__'],
    ['anthropic', 'constructor'],
    ['_meta', 'version'],
    ['__proto__', 'toString'],
    ['openai"', 'gpt-4o'],
  ])('%s %.40s', (provider, model) => {
    expect(table.find(provider, model)).toBeNull();
    expect(table.info(provider, model)).toBeNull();
  });

  test('a model billed by the second or the page has no price per token', () => {
    expect(table.find('openai', 'whisper-1')).toMatchObject({
      perToken: false,
      pieces: { inputAudioMs: 1e8 },
    });
    expect(table.find('mistral', 'mistral-ocr-2512')).toMatchObject({
      perToken: false,
      pieces: { pages: 2e9 },
    });
  });

  test('a zero without a reason in the sources is not taken for free', () => {
    expect(table.find('github-copilot', 'gpt-4o')).toBeNull();
    expect(table.find('sagemaker', 'meta-textgeneration-llama-2-7b')).toBeNull();
  });

  test('a flood of invented names neither fills the memory nor drives out the answers', () => {
    const own = PriceTable.load();
    for (let i = 0; i < 5_000; i++) expect(own.find('openai', `invented-${i}`)).toBeNull();
    expect(own.find('openai', 'gpt-4o')?.rates.input).toBe(2_500_000);
  });
});

describe('free', () => {
  test.each([
    ['ollama', 'llama3.2'],
    ['vllm', 'any/model'],
    ['mock', 'mock-1'],
    ['openrouter', 'deepseek/deepseek-r1:free'],
  ])('%s %s costs nothing and says so', (provider, model) => {
    const price = table.find(provider, model);
    expect(price?.free).toBe(true);
    expect(costNano(price!, million)).toBe(0);
  });

  test('a provider that its row calls free costs nothing', () => {
    const own = PriceTable.load({ freeProviders: ['shed'] });
    expect(own.find('shed', 'gpt-4o')).toMatchObject({ free: true, source: 'local' });
  });

  test('a priced model is not', () => {
    expect(table.find('openai', 'gpt-4o')?.free).toBe(false);
  });
});

describe('prices that change with time', () => {
  test('one table follows the hours of the day', () => {
    const at = (time: string): number | undefined =>
      table.find('deepseek', 'deepseek-v4-flash', Date.parse(`2026-11-22T${time}Z`))?.rates.input;
    expect(at('00:59:59.999')).toBe(220_000);
    expect(at('01:00:00')).toBe(440_000);
    expect(at('03:59:59.999')).toBe(440_000);
    expect(at('04:00:00')).toBe(220_000);
    expect(at('06:00:00')).toBe(440_000);
    // Backwards too: a remembered price is not used for a time it was not made for.
    expect(at('05:00:00')).toBe(220_000);
  });

  test('an announced price comes into force at midnight of its day', () => {
    const at = (time: string): number | undefined =>
      table.find('gemini', 'gemini-3.6-flash', Date.parse(time))?.rates.input;
    expect(at('2026-12-31T23:59:59.999Z')).toBe(750_000);
    expect(at('2027-01-01T00:00:00Z')).toBe(1_500_000);
  });
});

describe('overrides', () => {
  const price = { input_per_million_usd: 0.0375, output_per_million_usd: 0.15 };

  test('come before the sources, for one model or for all of a provider', () => {
    const own = PriceTable.load({ overrides: { 'openai/gpt-4o': price, 'local/*': price } });
    expect(own.find('openai', 'gpt-4o')).toMatchObject({
      source: 'config',
      rates: { input: 37_500, output: 150_000 },
    });
    expect(own.find('openai', 'gpt-4o-mini')?.source).toBe('genai-prices');
    expect(own.find('local', 'org/some-model')?.rates.output).toBe(150_000);
  });

  test('an exact name comes before a wildcard, and case does not matter', () => {
    const dear = { ...price, input_per_million_usd: 9 };
    const own = PriceTable.load({ overrides: { 'ollama/*': price, 'ollama/Org/Big': dear } });
    expect(own.find('ollama', 'org/big')?.rates.input).toBe(9_000_000);
    expect(own.find('ollama', 'small')).toMatchObject({ free: false, rates: { input: 37_500 } });
  });

  test('cache rates left out cost what input costs', () => {
    const own = PriceTable.load({
      overrides: { 'a/b': price, 'a/c': { ...price, cache_read_per_million_usd: 0.01 } },
    });
    expect(own.find('a', 'b')?.rates).toMatchObject({ cacheRead: 37_500, cacheWrite: 37_500 });
    expect(own.find('a', 'c')?.rates).toMatchObject({ cacheRead: 10_000, cacheWrite: 37_500 });
  });

  test('a price of zero is a free model', () => {
    const own = PriceTable.load({
      overrides: { 'a/*': { input_per_million_usd: 0, output_per_million_usd: 0 } },
    });
    expect(own.find('a', 'b')).toMatchObject({ free: true, source: 'config' });
  });

  test('of another configuration leave a table in use as it is', () => {
    const own = PriceTable.load({ overrides: { 'openai/gpt-4o': price } });
    expect(own.with({}).find('openai', 'gpt-4o')?.source).toBe('genai-prices');
    expect(own.find('openai', 'gpt-4o')?.source).toBe('config');
  });

  test("are written under the operator's name of a provider, whose other prices are those of its row", () => {
    const own = PriceTable.load({
      priceIds: new Map([['spare', 'openai']]),
      overrides: { 'spare/gpt-4o': price },
    });
    expect(own.find('spare', 'gpt-4o')?.rates.input).toBe(37_500);
    expect(own.find('openai', 'gpt-4o')?.rates.input).toBe(2_500_000);
    expect(own.find('spare', 'gpt-4o-mini')?.rates.input).toBe(150_000);
    expect(own.models('spare')).toEqual(own.models('openai'));
  });

  test('may say what a model can do and leave its price alone', () => {
    const overrides = { 'openai/gpt-4o': { context_window: 5, capabilities: ['tools' as const] } };
    const own = PriceTable.load({ overrides });
    expect(own.find('openai', 'gpt-4o')?.source).toBe('genai-prices');
    expect(own.info('openai', 'gpt-4o')).toMatchObject({
      contextWindow: 5,
      maxOutputTokens: 16_384,
      capabilities: ['tools'],
    });
  });

  test('have every kind of token, piece, length, price list and variant', () => {
    const own = PriceTable.load({
      overrides: {
        'a/b': {
          ...price,
          cache_write_1h_per_million_usd: 3,
          audio_input_per_million_usd: 4,
          image_output_per_million_usd: 5,
          request_usd: 0.001,
          page_usd: 0.002,
          video_second_usd: 0.1,
          above: [{ input_tokens: 1000, input_per_million_usd: 6 }],
          service_tiers: { batch: { input_per_million_usd: 0.01 } },
          variants: { '1080p': { video_second_usd: 0.4 } },
        },
      },
    });
    const found = own.find('a', 'b');
    expect(found).toMatchObject({
      perRequest: 1e9,
      rates: { cacheWrite: 37_500, cacheWriteLong: 3e6, inputAudio: 4e6, outputImage: 5e6 },
      pieces: { pages: 2e9, videoMs: 1e11 },
    });
    expect(found?.tiers?.[0]).toMatchObject({ above: 1000, rates: { input: 6e6, output: 150_000 } });
    expect(found?.services?.get('batch')?.rates).toMatchObject({ input: 10_000, output: 150_000 });
    expect(found?.variants?.get('1080p')).toEqual({ videoMs: 4e11 });
  });

  test.each([
    ['gpt-4o', price, /provider\/model/],
    ['openai/', price, /provider\/model/],
    ['a/b', { ...price, output_per_million_usd: -1 }, /"a\/b": output_per_million_usd .* got -1/],
    ['a/b', { ...price, input_per_million_usd: Number.NaN }, /input_per_million_usd/],
    ['a/b', { ...price, cache_write_per_million_usd: 1001 }, /from 0 to 1000 dollars, got 1001/],
  ])('a wrong one is refused with its key (%s)', (key, wrong, message) => {
    expect(() => table.with({ overrides: { [key]: wrong } })).toThrow(message);
  });
});

describe('model info', () => {
  test('joins the window and the length of answers of both sources', () => {
    expect(table.info('openai', 'gpt-4o')).toMatchObject({ contextWindow: 128_000, maxOutputTokens: 16_384 });
    expect(table.info('anthropic', 'claude-sonnet-4-5')).toMatchObject({
      contextWindow: 200_000,
      maxOutputTokens: 64_000,
    });
  });

  test('is there for models whose price is not', () => {
    expect(table.info('azure_ai', 'jais-30b-chat')).toMatchObject({
      contextWindow: 8192,
      maxOutputTokens: 8192,
    });
  });

  test('says what a model can do and what it is for', () => {
    expect(table.info('openai', 'gpt-4o')?.capabilities).toEqual(
      expect.arrayContaining(['vision', 'tools', 'json_schema', 'prompt_caching']),
    );
    expect(table.info('openai', 'text-embedding-3-small')?.mode).toBe('embedding');
    expect(table.info('openai', 'whisper-1')?.mode).toBe('transcription');
    expect(table.info('openai', 'gpt-4o')?.mode).toBeNull();
  });
});
