import type { Usage } from '@headgate/sdk';
import { pieceLines } from './piece-lines.js';
import type { PieceUnit } from './price-row.js';
import { factorOf, listFor, type ModelPrice, type Rates, ratesFor } from './rates.js';
import { tokenCount } from './token-count.js';

export type CostKind = keyof Rates | PieceUnit | 'request';

/** One line of the bill: `count` tokens, requests or pieces at `rate` pico-dollars for each `per` of them. */
export interface CostLine {
  kind: CostKind;
  count: number;
  rate: number;
  per: number;
}

/**
 * The bill of one answer, line by line, in a fixed order; lines of nothing are there too. Counts do not overlap.
 *
 * The usage is inclusive (see `Usage`): parts are taken out of their totals. Where they add up to more than the
 * total, the parts are charged: the provider reports them apart, and charging the total alone would lose them. Audio and
 * pictures in the input count as uncached as far as there is uncached input, since the wire formats rarely say how much
 * of them was read from the cache; that is the dearer reading. The fee per request is due when the answer used anything.
 */
export function costLines(price: ModelPrice, usage: Usage): CostLine[] {
  const units = usage.units ?? {};
  const input = tokenCount(usage.inputTokens);
  const output = tokenCount(usage.outputTokens);
  const cacheRead = tokenCount(usage.cacheReadTokens);
  const cacheWrite = tokenCount(usage.cacheWriteTokens);
  const cacheWriteLong = tokenCount(usage.cacheWriteLongTokens);
  const reasoning = tokenCount(usage.reasoningTokens);
  const audio = tokenCount(usage.inputAudioTokens);
  const outputAudio = tokenCount(usage.outputAudioTokens);
  const image = tokenCount(units.inputImageTokens ?? 0);
  const outputImage = tokenCount(units.outputImageTokens ?? 0);
  const video = tokenCount(units.inputVideoTokens ?? 0);
  const outputVideo = tokenCount(units.outputVideoTokens ?? 0);

  let uncached = Math.max(0, input - cacheRead - cacheWrite - cacheWriteLong);
  let cached = cacheRead;
  const take = (wanted: number, from: number): number => Math.min(wanted, from);
  const freshAudio = take(audio, uncached);
  uncached -= freshAudio;
  const cachedAudio = take(audio - freshAudio, cached);
  cached -= cachedAudio;
  // Of pictures, some providers do say how much of them came from the cache.
  const saidCached = take(tokenCount(units.cachedImageTokens ?? 0), cached);
  const freshImage = take(Math.max(0, image - saidCached), uncached);
  uncached -= freshImage;
  const cachedImage = take(Math.max(saidCached, image - freshImage), cached);
  cached -= cachedImage;
  const freshVideo = take(video, uncached);
  uncached -= freshVideo;
  const list = listFor(price, usage.serviceTier);
  const rates = ratesFor(list, input / Math.max(1, usage.requests ?? 1));
  const factor = factorOf(price, units.variant);
  const counts: Record<keyof Rates, number> = {
    input: uncached,
    inputAudio: freshAudio,
    inputImage: freshImage,
    inputVideo: freshVideo,
    cacheRead: cached,
    cachedAudio,
    cachedImage,
    cacheWrite,
    cacheWriteLong,
    output: Math.max(0, output - reasoning - outputAudio - outputImage - outputVideo),
    reasoning,
    outputAudio,
    outputImage,
    outputVideo,
    citation: tokenCount(units.citationTokens ?? 0),
  };
  const lines: CostLine[] = Object.entries(counts).map(([kind, count]) => ({
    kind: kind as keyof Rates,
    count,
    rate: times(rates[kind as keyof Rates], factor),
    per: 1,
  }));
  const pieces = usage.units === undefined ? [] : pieceLines(price, list, usage);
  const used = input > 0 || output > 0 || pieces.some(({ count }) => count > 0);
  return [...lines, ...pieces, { kind: 'request', count: used ? 1 : 0, rate: price.perRequest, per: 1 }];
}

function times(rate: number, factor: number): number {
  return factor === 1000 ? rate : Math.round((rate * factor) / 1000);
}
