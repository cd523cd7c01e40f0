import type { HeaderList } from '@headgate/sdk';
import { canonicalError } from '../errors.js';
import { credentialOf } from './credential.js';

const NAMES = /^(?:api[-_]?key|key|token|access_token|x-api-key|authorization)$/i;

/** Why a caller is not known: it has shown no key, one that nobody knows, or one in the URL, where it is not read. */
export function unknownCaller(headers: HeaderList, query: string) {
  if (credentialOf(headers) !== null) return canonicalError('key_unknown');
  const name = keyParameter(query);
  return name === null ? canonicalError('key_required') : canonicalError('key_in_url', { name });
}

/** The name of the first parameter of a query that looks as if somebody had put a key there; null when none does. */
function keyParameter(query: string): string | null {
  for (const [name, value] of new URLSearchParams(query))
    if (value !== '' && (NAMES.test(name) || value.startsWith('hg-'))) return name.slice(0, 64);
  return null;
}
