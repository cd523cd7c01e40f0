import type { JsonObject } from '@headgate/sdk';

export const MOST_FOUND = 20;
const MOST_TEXT = 300;

export const NOTHING_FOUND = 'Nothing was found; try other words.';

/** The arguments of a search, or what is wrong with them. */
export function readSearch(
  { query, limit }: JsonObject,
  most: number,
): { readonly query: string; readonly limit: number } | string {
  if (typeof query !== 'string' || query.trim() === '') return 'The argument "query" must be a text.';
  const wanted = limit ?? most;
  if (typeof wanted !== 'number' || !(wanted >= 1)) return 'The argument "limit" must be a number from 1.';
  return { query, limit: Math.min(Math.floor(wanted), MOST_FOUND) };
}

/** What a description says first. */
export function firstLines(text: string): string {
  const [first = ''] = text.trim().split(/\n\s*\n/);
  const plain = first.replace(/\s+/g, ' ');
  return plain.length > MOST_TEXT ? `${plain.slice(0, MOST_TEXT)}…` : plain;
}
