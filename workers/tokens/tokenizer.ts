import type { Encoding } from './encoding-of.js';
import { boundedPieces } from './long-runs.js';

/** Counts a text's tokens. Time grows with the length, whatever the text: at most about 1.5 µs a character. */
export type CountTokens = (text: string) => number;

interface Table {
  countTokens(text: string, options: { disallowedSpecial: Set<string> }): number;
  setMergeCacheSize(size: number): void;
}

// A table costs its thread 67 MB of memory (o200k) and 170 ms to load, hence each on first use only.
const sources: Record<Encoding, () => Promise<Table>> = {
  o200k_base: () => import('gpt-tokenizer/encoding/o200k_base'),
  cl100k_base: () => import('gpt-tokenizer/encoding/cl100k_base'),
  p50k_base: () => import('gpt-tokenizer/encoding/p50k_base'),
  r50k_base: () => import('gpt-tokenizer/encoding/r50k_base'),
};

const loading = new Map<Encoding, Promise<CountTokens>>();

/** The library keeps the merges of 100,000 words by default: with long ones that is another hundred megabytes. */
const rememberedWords = 10_000;

/** `<|endoftext|>` in a user's text is text; the library's default is to throw. */
const options = { disallowedSpecial: new Set<string>() };

/** The counter of an encoding in this thread; loads its table once. */
export function loadTokenizer(encoding: Encoding): Promise<CountTokens> {
  const known = loading.get(encoding);
  if (known) return known;
  const started = sources[encoding]().then((table) => {
    table.setMergeCacheSize(rememberedWords);
    return (text: string): number => {
      let tokens = 0;
      for (const piece of boundedPieces(text)) tokens += table.countTokens(piece, options);
      return tokens;
    };
  });
  loading.set(encoding, started);
  return started;
}
