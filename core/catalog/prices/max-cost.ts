import { exactNano } from './exact-nano.js';
import type { ModelPrice, Rates } from './rates.js';
import { tokenCount } from './token-count.js';

/**
 * The most that a request of at most `inputTokens` and `maxOutputTokens` can cost, in integer nano-dollars: for a
 * reservation made before the answer tells how its tokens divide into cached, audio and reasoning ones.
 *
 * Every input token is charged at the dearest input rate and every output token at the dearest output rate of any
 * tier within reach (on Anthropic that is the one-hour cache write, twice the plain rate). It is a bound for any
 * usage whose parts stay within its totals.
 */
export function maxCostNano(price: ModelPrice, inputTokens: number, maxOutputTokens: number): number {
  if (price.free) return 0;
  const input = tokenCount(inputTokens);
  let inputRate = dearestInput(price.rates);
  let outputRate = dearestOutput(price.rates);
  for (const tier of price.tiers ?? []) {
    if (input <= tier.above) break;
    inputRate = Math.max(inputRate, dearestInput(tier.rates));
    outputRate = Math.max(outputRate, dearestOutput(tier.rates));
  }
  return exactNano([
    { kind: 'input', count: input, rate: inputRate },
    { kind: 'output', count: tokenCount(maxOutputTokens), rate: outputRate },
    { kind: 'request', count: 1, rate: price.perRequest },
  ]);
}

function dearestInput(rates: Rates): number {
  const { input, cacheRead, cacheWrite, cacheWriteLong, inputAudio, cachedAudio } = rates;
  return Math.max(input, cacheRead, cacheWrite, cacheWriteLong, inputAudio, cachedAudio);
}

function dearestOutput(rates: Rates): number {
  return Math.max(rates.output, rates.reasoning, rates.outputAudio);
}
