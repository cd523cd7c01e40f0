import type { Usage } from '@headgate/sdk';
import { costLines } from './cost-lines.js';
import { exactNano } from './exact-nano.js';
import { type ModelPrice, ratesFor } from './rates.js';
import { tokenCount } from './token-count.js';

/** Below this many pico-dollars ($4,503) the products, their sum and the division by 1000 are exact doubles. */
const EXACT = 2 ** 52;

/**
 * The cost of one answer in integer nano-dollars ($1 = 1e9), rounded once, half up, at the end: rates are integer
 * pico-dollars, so nothing else rounds. Same bill as `costLines`, which says how the parts are read, without the
 * allocations; a test holds the two together.
 */
export function costNano(price: ModelPrice, usage: Usage): number {
  if (price.free) return 0;
  // Another price list, or more than tokens: rare, and never worth a second copy of the arithmetic.
  const { serviceTier } = usage;
  const otherList = serviceTier !== undefined && price.services?.has(serviceTier) === true;
  if (otherList || usage.units !== undefined || usage.requests !== undefined)
    return exactNano(costLines(price, usage));
  const input = tokenCount(usage.inputTokens);
  const output = tokenCount(usage.outputTokens);
  const cacheRead = tokenCount(usage.cacheReadTokens);
  const cacheWrite = tokenCount(usage.cacheWriteTokens);
  const cacheWriteLong = tokenCount(usage.cacheWriteLongTokens);
  const reasoning = tokenCount(usage.reasoningTokens);
  const audio = tokenCount(usage.inputAudioTokens);
  const outputAudio = tokenCount(usage.outputAudioTokens);

  const uncached = Math.max(0, input - cacheRead - cacheWrite - cacheWriteLong);
  const freshAudio = Math.min(audio, uncached);
  const cachedAudio = Math.min(audio - freshAudio, cacheRead);
  const rates = ratesFor(price, input);
  const pico =
    (uncached - freshAudio) * rates.input +
    freshAudio * rates.inputAudio +
    (cacheRead - cachedAudio) * rates.cacheRead +
    cachedAudio * rates.cachedAudio +
    cacheWrite * rates.cacheWrite +
    cacheWriteLong * rates.cacheWriteLong +
    Math.max(0, output - reasoning - outputAudio) * rates.output +
    reasoning * rates.reasoning +
    outputAudio * rates.outputAudio +
    (input > 0 || output > 0 ? price.perRequest : 0);
  return pico < EXACT ? Math.floor((pico + 500) / 1000) : exactNano(costLines(price, usage));
}
