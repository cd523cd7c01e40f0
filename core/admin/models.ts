import type { JsonObject } from '@headgate/sdk';
import { type CatalogModel, catalogModels } from '../catalog/model-catalog.js';
import { priceView } from '../catalog/price-view.js';
import { CAPABILITIES } from '../catalog/prices/capabilities.js';
import type { PriceTable } from '../catalog/prices/price-table.js';
import type { Config } from '../config/config.js';
import { patternMatcher } from '../route/pattern.js';
import { type Answer, answering } from './answer.js';
import { csv } from './csv.js';
import { BadParameter, readParameters } from './parameters.js';

export const MODEL_PARAMETERS = [
  'model',
  'provider',
  'key',
  'capability',
  'mode',
  'priced',
  'configured',
  'format',
  'limit',
  'offset',
];
const MOST_ROWS = 10_000;

/**
 * `GET /api/models`: every model that requests can name, with its limits, what it can do, what it costs and by which
 * source, and who may use it.
 *
 * @param query what follows the `?`: `model` (a pattern with `*`, of its name or its provider's), `provider`, `key` (its
 *   name: what it may use), `capability`, `mode`, `priced` and `configured` (true or false), `format` (json or csv),
 *   `limit` and `offset`
 */
export function modelsReport(config: Config, prices: PriceTable, query: string): Promise<Answer> {
  return answering(async () => {
    const { fits, limit, offset, format } = asked(readParameters(query, MODEL_PARAMETERS), config);
    const all = [...catalogModels(config, prices)].filter(fits);
    const page = all.slice(offset, offset + limit);
    if (format === 'csv')
      return { contentType: 'text/csv; charset=utf-8; header=present', body: modelsCsv(page) };
    const sources = prices.sources.map(({ source, version, taken }) => ({ source, version, taken }));
    const body = { models: page.map(modelJson), total: all.length, sources };
    return { contentType: 'application/json', body: JSON.stringify(body) };
  });
}

interface Parameters {
  readonly fits: (model: CatalogModel) => boolean;
  readonly limit: number;
  readonly offset: number;
  readonly format: 'json' | 'csv';
}

function asked(given: URLSearchParams, config: Config): Parameters {
  const pattern = given.get('model');
  const named = pattern === null ? null : patternMatcher([pattern]);
  const provider = given.get('provider');
  const key = given.get('key');
  const allowed = key === null ? null : keyMatcher(key, config);
  const capability = oneOf(given, 'capability', CAPABILITIES);
  const mode = given.get('mode');
  const priced = truth(given, 'priced');
  const configured = truth(given, 'configured');
  return {
    fits: (model) =>
      (named === null || named(model.id) || named(model.model)) &&
      (provider === null || model.provider === provider) &&
      (allowed === null || allowed(model.id)) &&
      (capability === null || (model.capabilities?.includes(capability) ?? false)) &&
      (mode === null || model.mode === mode) &&
      (priced === null || (model.price !== null) === priced) &&
      (configured === null || model.configured === configured),
    limit: whole(given, 'limit') ?? MOST_ROWS,
    offset: whole(given, 'offset') ?? 0,
    format: oneOf(given, 'format', ['json', 'csv'] as const) ?? 'json',
  };
}

function keyMatcher(name: string, config: Config): (model: string) => boolean {
  const key = config.keys.find((one) => one.name === name);
  if (key === undefined) throw new BadParameter('key', `there is no virtual key "${name}"`);
  return patternMatcher(key.models);
}

function oneOf<T extends string>(given: URLSearchParams, name: string, words: readonly T[]): T | null {
  const text = given.get(name);
  if (text === null) return null;
  const found = words.find((word) => word === text);
  if (found === undefined) throw new BadParameter(name, `"${name}" is ${words.join(', ')}, not "${text}"`);
  return found;
}

function truth(given: URLSearchParams, name: string): boolean | null {
  const word = oneOf(given, name, ['true', 'false'] as const);
  return word === null ? null : word === 'true';
}

function whole(given: URLSearchParams, name: string): number | null {
  const text = given.get(name);
  if (text === null) return null;
  if (!/^\d{1,7}$/.test(text)) throw new BadParameter(name, `"${name}" is a whole number, not "${text}"`);
  return Number(text);
}

/** One model, also as `headgate models --json` prints it. */
export function modelJson(model: CatalogModel): JsonObject {
  const { price } = model;
  return {
    id: model.id,
    configured: model.configured,
    provider: model.provider,
    model: model.model,
    targets: [...model.targets],
    mode: model.mode,
    context_window: model.contextWindow,
    max_output_tokens: model.maxOutputTokens,
    capabilities: model.capabilities === null ? null : [...model.capabilities],
    priced: price !== null,
    free: price?.free ?? false,
    price: price === null ? null : priceView(price),
    price_source: price?.source ?? null,
    service_tiers_source:
      price === null || price.services === null ? null : (price.servicesFrom ?? price.source),
    unpriced: model.unpriced,
    usable: price !== null || model.unpriced !== 'deny',
    keys: model.keys === null ? null : [...model.keys],
  };
}

/** RFC 4180, the most usual prices a column each. */
function modelsCsv(models: readonly CatalogModel[]): string {
  const rows = models.map((model) => {
    const price = model.price === null ? {} : priceView(model.price);
    const amount = (name: string): string => String(price[name] ?? '');
    return {
      id: model.id,
      configured: String(model.configured),
      provider: model.provider,
      model: model.model,
      mode: model.mode ?? '',
      context_window: String(model.contextWindow ?? ''),
      max_output_tokens: String(model.maxOutputTokens ?? ''),
      capabilities: (model.capabilities ?? []).join(' '),
      priced: String(model.price !== null),
      price_source: model.price?.source ?? '',
      input_per_million_usd: amount('input_per_million_usd'),
      output_per_million_usd: amount('output_per_million_usd'),
      cache_read_per_million_usd: amount('cache_read_per_million_usd'),
      cache_write_per_million_usd: amount('cache_write_per_million_usd'),
      image_usd: amount('image_usd'),
      page_usd: amount('page_usd'),
      keys: (model.keys ?? ['*']).join(' '),
    };
  });
  return csv(
    Object.keys(rows[0] ?? { id: '' }),
    rows.map((row) => Object.values(row)),
  );
}
