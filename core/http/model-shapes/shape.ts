import type { JsonObject } from '@headgate/sdk';
import type { ListedModel } from '../../route/listed-model.js';

/** How an API writes models. */
export interface ModelShape {
  list(models: readonly ListedModel[], query: URLSearchParams): JsonObject;
  one(model: ListedModel): JsonObject;
}

/** Rates are pico-dollars per token, which are millionths of dollars per million. */
const usd = (rate: number): number => rate / 1e6;

/** What is known beside the fields that the API has, under names of our own. */
export function more({ contextWindow, maxOutputTokens, price }: ListedModel): JsonObject {
  return {
    ...(contextWindow !== null && { context_window: contextWindow }),
    ...(maxOutputTokens !== null && { max_output_tokens: maxOutputTokens }),
    ...(price !== null && {
      pricing: {
        input_per_million_usd: usd(price.rates.input),
        output_per_million_usd: usd(price.rates.output),
        cache_read_per_million_usd: usd(price.rates.cacheRead),
        cache_write_per_million_usd: usd(price.rates.cacheWrite),
      },
    }),
  };
}

/** A size that a query asks for; everything when it asks for none: a client that pages is content too. */
export function pageSize(query: URLSearchParams, name: string, all: number): number {
  const text = query.get(name) ?? '';
  return /^\d{1,4}$/.test(text) ? Math.max(1, Number(text)) : all;
}
