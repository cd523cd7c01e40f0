import type { JsonObject } from '@headgate/sdk';
import { openrouterPricing } from '../../catalog/price-view.js';
import type { Capability } from '../../catalog/prices/capabilities.js';
import type { ListedModel } from '../../route/listed-model.js';

/** How an API writes models. */
export interface ModelShape {
  list(models: readonly ListedModel[], query: URLSearchParams): JsonObject;
  one(model: ListedModel): JsonObject;
}

/** Rates are pico-dollars per token, which are millionths of dollars per million. */
const usd = (rate: number): number => rate / 1e6;

/**
 * What is known beside the fields that the API has: under names of our own, and those under which clients look for it that
 * know OpenRouter's list of models.
 */
export function more({ contextWindow, maxOutputTokens, capabilities, mode, price }: ListedModel): JsonObject {
  return {
    ...(contextWindow !== null && { context_window: contextWindow, context_length: contextWindow }),
    ...(maxOutputTokens !== null && { max_output_tokens: maxOutputTokens }),
    ...(mode !== null && { mode }),
    ...(capabilities !== null && { capabilities: [...capabilities], architecture: modalities(capabilities) }),
    ...(price !== null && {
      pricing: {
        ...openrouterPricing(price),
        input_per_million_usd: usd(price.rates.input),
        output_per_million_usd: usd(price.rates.output),
        cache_read_per_million_usd: usd(price.rates.cacheRead),
        cache_write_per_million_usd: usd(price.rates.cacheWrite),
      },
    }),
  };
}

const INPUTS: readonly (readonly [Capability, string])[] = [
  ['vision', 'image'],
  ['pdf', 'file'],
  ['audio_input', 'audio'],
  ['video_input', 'video'],
];
const OUTPUTS: readonly (readonly [Capability, string])[] = [
  ['image_output', 'image'],
  ['audio_output', 'audio'],
];

function modalities(capabilities: readonly Capability[]): JsonObject {
  const named = (list: typeof INPUTS): string[] =>
    list.filter(([capability]) => capabilities.includes(capability)).map(([, name]) => name);
  return { input_modalities: ['text', ...named(INPUTS)], output_modalities: ['text', ...named(OUTPUTS)] };
}

/** A size that a query asks for; everything when it asks for none: a client that pages is content too. */
export function pageSize(query: URLSearchParams, name: string, all: number): number {
  const text = query.get(name) ?? '';
  return /^\d{1,4}$/.test(text) ? Math.max(1, Number(text)) : all;
}
