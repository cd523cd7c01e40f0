import { gatewayError } from '../errors.js';
import type { Exchange } from '../exchange.js';
import { namedObjects } from '../forward/named-objects.js';
import { mustBeOwn, type Owner } from '../forward/owner.js';
import type { Wait } from '../pipeline.js';

/** Most ids that a request may name. */
const MAX_IDS = 5_000;

/**
 * Between 6 and 7. Files, vector stores and the like that the request names must not be another virtual key's; where they
 * are is where it must go. The scan has noted where their names stand, so that a request without any costs nothing here.
 */
export function claim(x: Exchange): Wait | undefined {
  const { spans } = x;
  if (spans === null || (spans.inside.length === 0 && x.endpoint.objectFields.length === 0)) return undefined;
  const ids = namedObjects(x.endpoint, x.incoming.body.bytes, spans);
  if (ids.size === 0) return undefined;
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
