import { skipSpace, skipValue } from './json-skip.js';
import type { FieldSpans } from './json-spans.js';

/** The longest id that is known; some are addresses. */
const MAX_LENGTH = 256;

/** The texts, alone or in lists, under the keys that a scan has noted the places of. */
export function namedIds(bytes: Buffer, { inside }: FieldSpans, maxDepth: number): Set<string> {
  const ids = new Set<string>();
  for (const keyEnd of inside) {
    const start = skipSpace(bytes, skipSpace(bytes, keyEnd) + 1);
    const value = valueAt(bytes, start, maxDepth);
    for (const id of Array.isArray(value) ? value : [value])
      if (typeof id === 'string' && id !== '' && id.length <= MAX_LENGTH) ids.add(id);
  }
  return ids;
}

/** A text or a list; undefined for anything else, and for what cannot be read: that is for the provider to complain of. */
function valueAt(bytes: Buffer, start: number, maxDepth: number): unknown {
  if (bytes[start] !== QUOTE && bytes[start] !== OPEN_BRACKET) return undefined;
  const end = skipValue(bytes, start, maxDepth);
  try {
    return end < 0 ? undefined : JSON.parse(bytes.toString('utf8', start, end));
  } catch {
    return undefined;
  }
}

const QUOTE = 0x22;
const OPEN_BRACKET = 0x5b;
