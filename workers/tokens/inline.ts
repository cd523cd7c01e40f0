import { encodingOf } from './encoding-of.js';
import { loadedTokenizer } from './tokenizer.js';

/**
 * Characters up to which counting here is cheaper than a hop to the pool. Measured on two shared cores with the table
 * warm: prose takes 10 µs for 128 characters, 39 for 512, 50 for 1,024; a hop takes 45 µs on an idle machine and 80–160
 * on a busy one. The worst text there is, random letters without spaces, takes 1 ms for 512: so not more than that.
 */
export const inlineLimit = 512;

/**
 * Counts a short text in the calling thread. Null when the text is longer than {@link inlineLimit}, or when this thread
 * has not loaded the model's table (`loadTokenizer`, 67 MB a thread): then the pool is the place to ask.
 */
export function countTokensInline(model: string, text: string): number | null {
  if (text.length > inlineLimit) return null;
  const { encoding, factor } = encodingOf(model);
  const count = loadedTokenizer(encoding);
  return count ? Math.ceil(count(text) * factor) : null;
}
