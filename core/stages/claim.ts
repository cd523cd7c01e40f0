import type { JsonValue } from '@headgate/sdk';
import { gatewayError } from '../errors.js';
import type { Exchange } from '../exchange.js';
import { mustBeOwn, type Owner } from '../forward/owner.js';
import type { Wait } from '../pipeline.js';
import { skipSpace, skipValue } from '../wire/json-skip.js';
import type { FieldSpans } from '../wire/json-spans.js';

/** Most ids that a request may name, and the longest that is known. */
const MAX_IDS = 5_000;
const MAX_LENGTH = 128;

/**
 * Between 6 and 7. Files, vector stores and the like that the request names must not be another virtual key's; where they
 * are is where it must go. The scan has noted where their names stand, so that a request without any costs nothing here.
 */
export function claim(x: Exchange): Wait | undefined {
  const { spans } = x;
  if (spans === null || spans.inside.length === 0) return undefined;
  const ids = idsAt(x, spans);
  if (ids.size > MAX_IDS)
    throw gatewayError('invalid_field', { why: `it names more than ${MAX_IDS} files and other objects` });
  const owners = x.io.objects.ownersOf([...ids]);
  if (owners instanceof Promise) return owners.then((found) => about(x, ids, found));
  about(x, ids, owners);
  return undefined;
}

function about(x: Exchange, ids: ReadonlySet<string>, owners: ReadonlyMap<string, Owner>): void {
  for (const id of ids) {
    const owner = owners.get(id);
    if (owner === undefined) continue;
    mustBeOwn(x, id, owner);
    // One whose provider is no more in the configuration decides nothing.
    if (x.about === null && x.runtime.providers.has(owner.provider)) x.about = { ...owner, id };
  }
}

function idsAt({ endpoint, incoming }: Exchange, { inside }: FieldSpans): ReadonlySet<string> {
  const { bytes } = incoming.body;
  const ids = new Set<string>();
  for (const keyEnd of inside) {
    const start = skipSpace(bytes, skipSpace(bytes, keyEnd) + 1);
    const value = valueAt(bytes, start, endpoint.fields.maxDepth);
    for (const id of Array.isArray(value) ? value : [value])
      if (typeof id === 'string' && id !== '' && id.length <= MAX_LENGTH) ids.add(id);
  }
  return ids;
}

/** A text or a list; undefined for anything else, and for what cannot be read: that is for the provider to complain of. */
function valueAt(bytes: Buffer, start: number, maxDepth: number): JsonValue | undefined {
  if (bytes[start] !== QUOTE && bytes[start] !== OPEN_BRACKET) return undefined;
  const end = skipValue(bytes, start, maxDepth);
  try {
    return end < 0 ? undefined : (JSON.parse(bytes.toString('utf8', start, end)) as JsonValue);
  } catch {
    return undefined;
  }
}

const QUOTE = 0x22;
const OPEN_BRACKET = 0x5b;
