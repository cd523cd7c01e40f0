import type { Usage } from '@headgate/sdk';
import { type ModelPrice, ratesFor } from './rates.js';
import { tokenCount } from './token-count.js';

export type CostKind =
  | 'input'
  | 'inputAudio'
  | 'cacheRead'
  | 'cachedAudio'
  | 'cacheWrite'
  | 'cacheWriteLong'
  | 'output'
  | 'reasoning'
  | 'outputAudio'
  | 'request';

/** One line of the bill: `count` (tokens, or 1 request) at `rate` pico-dollars each. */
export interface CostLine {
  kind: CostKind;
  count: number;
  rate: number;
}

/**
 * The bill of one answer, line by line, in a fixed order; lines of nothing are there too. Counts do not overlap.
 *
 * The usage is inclusive (see `Usage`): parts are taken out of their totals. Where they add up to more than the
 * total, the parts are charged: the provider reports them apart, and charging the total alone would lose them. Audio
 * input counts as uncached as far as there is uncached input, since the wire formats rarely say how much of it was
 * read from the cache; that is the dearer reading. The fee per request is due when the answer used any token.
 */
export function costLines(price: ModelPrice, usage: Usage): CostLine[] {
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
  return [
    { kind: 'input', count: uncached - freshAudio, rate: rates.input },
    { kind: 'inputAudio', count: freshAudio, rate: rates.inputAudio },
    { kind: 'cacheRead', count: cacheRead - cachedAudio, rate: rates.cacheRead },
    { kind: 'cachedAudio', count: cachedAudio, rate: rates.cachedAudio },
    { kind: 'cacheWrite', count: cacheWrite, rate: rates.cacheWrite },
    { kind: 'cacheWriteLong', count: cacheWriteLong, rate: rates.cacheWriteLong },
    { kind: 'output', count: Math.max(0, output - reasoning - outputAudio), rate: rates.output },
    { kind: 'reasoning', count: reasoning, rate: rates.reasoning },
    { kind: 'outputAudio', count: outputAudio, rate: rates.outputAudio },
    { kind: 'request', count: input > 0 || output > 0 ? 1 : 0, rate: price.perRequest },
  ];
}
