import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { priceOptions } from '../../core/catalog/price-options.js';
import { PriceTable } from '../../core/catalog/prices/price-table.js';
import { loadText, refusalLines } from './load-text.js';

const PROVIDERS = `providers:
  openai: { keys: [{ value: sk-0123456789abcdef }] }
  mistral: { extends: openai, base_url: "http://127.0.0.1:9/v1", keys: [{ value: none }] }
  shed: { extends: openai, base_url: "http://127.0.0.1:9/v1", keys: [{ value: none }] }
`;

describe('prices of the configuration', () => {
  it('are those that the table then has, also the example of the documentation', () => {
    const page = readFileSync(new URL('../../docs/prices.md', import.meta.url), 'utf8');
    const example = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
    expect(Object.keys((parse(example) as { prices: object }).prices)).toHaveLength(4);
    const { config, warnings } = loadText(PROVIDERS + example);
    expect(warnings).toEqual([]);
    const table = PriceTable.load(priceOptions(config));
    expect(table.find('openai', 'gpt-4o')).toMatchObject({ source: 'config', rates: { cacheRead: 1e6 } });
    expect(table.find('openai', 'gpt-4o')?.services?.get('batch')?.rates.output).toBe(4e6);
    expect(table.find('mistral', 'mistral-ocr-latest')?.pieces).toEqual({ pages: 1e9, annotatedPages: 3e9 });
    expect(table.info('openai', 'my-model')).toMatchObject({
      contextWindow: 32_000,
      capabilities: ['tools', 'vision'],
    });
    // A provider that extends another one has its prices, unless they are set.
    expect(table.find('shed', 'gpt-4o')).toMatchObject({
      source: 'genai-prices',
      rates: { input: 2_500_000 },
    });
  });

  it.each([
    [
      'openai/a: { input_per_milion_usd: 3 }',
      /"openai\/a"\]\.input_per_milion_usd: unknown key, did you mean "input_per_million_usd"/,
    ],
    ['openai/a: { output_per_million_usd: -1 }', /expected US dollars per million tokens, from 0 to 1000/],
    [
      'gpt-4o: { image_usd: 1 }',
      /expected "provider\/model", or "provider\/\*" for all models of a provider/,
    ],
    [
      'openai/a: { service_tiers: { turbo: {} } }',
      /turbo: unknown key, expected one of batch, flex, priority/,
    ],
    [
      'openai/a: { variants: { high: { image_usd: 99999 } } }',
      /expected an amount in US dollars, from 0 to 10000/,
    ],
    ['openai/a: { capabilities: [visoin] }', /did you mean "vision"/],
    ['openai/a: { above: [{ input_tokens: 5 }, { input_tokens: 5 }] }', /above: the same input_tokens twice/],
  ])('that make no sense are errors that say where and what: %s', (line, message) => {
    expect(refusalLines(`${PROVIDERS}prices:\n  ${line}\n`).join('\n')).toMatch(message);
  });

  it.each([
    ['opnai/*: { image_usd: 1 }', /no such provider.*did you mean "openai"/],
    ['openai/a: { output_per_million_usd: 1 }', /prompts cost nothing/],
    ['openai/a: { input_per_million_usd: 1 }', /answers cost nothing/],
    ['openai/a: {}', /says nothing/],
  ])('that are likely slips are warned of: %s', (line, message) => {
    const { warnings } = loadText(`${PROVIDERS}prices:\n  ${line}\n`);
    expect(
      warnings
        .map((warning) => JSON.stringify(warning))
        .join('\n')
        .replaceAll('\\"', '"'),
    ).toMatch(message);
  });

  it('and the policy for models without one are allow, warn or deny', () => {
    expect(loadText(null).config.unpriced).toBe('warn');
    expect(refusalLines('unpriced: refuse\n').join()).toContain('expected "allow", "warn" or "deny"');
  });
});
