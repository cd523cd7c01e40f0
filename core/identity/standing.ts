import type { CanonicalError } from '@headgate/sdk';
import { entityKey } from '../config/entity-key.js';
import { canonicalError, GatewayError, gatewayError } from '../errors.js';
import type { Exchange } from '../exchange.js';
import { credentialOf } from './credential.js';
import type { KeyTable } from './key-table.js';
import { SDK_PREFIX } from './sdk-prefix.js';
import type { Changed } from './stored-keys.js';
import type { VirtualKey } from './virtual-key.js';

/**
 * What becomes of a request that runs when its key, or something that the key belongs to, was changed: the error that ends it
 * now, or null. A key that was revoked, deleted or disabled may have leaked, so nothing goes on for its holder. One that has
 * expired, or was rotated, ends nothing: the answer that runs was asked for in time.
 */
export function endedBy(
  x: Pick<Exchange, 'principal' | 'error' | 'io' | 'metadata'>,
  changed: Changed,
): CanonicalError | null {
  const { principal } = x;
  if (principal === null || x.error !== null || !isConcerned(principal, changed)) return null;
  const { keys } = x.io.runtime;
  if (!principal.listed) return disabledAbove(principal, keys);
  const key = keys.byId(principal.id);
  if (key === undefined) return canonicalError('key_revoked', { key: principal.name });
  const off = keys.forRequest(key, x.metadata).access.find(({ disabled }) => disabled);
  return off === undefined ? null : canonicalError('entity_disabled', { who: off.who });
}

/** Whether a change is about the key or about what it belongs to. */
export function isConcerned(key: VirtualKey, changed: Changed): boolean {
  // Whoever a plugin names has no chain, and is that plugin's business.
  return changed === null || key.chain.some(({ kind, id }) => changed.has(entityKey(kind, id)));
}

/**
 * The key of somebody who was identified before, with the rules of now, if it would still be let in.
 * @param bySecret it has shown a short-lived secret that the key has made, not the key itself
 * @param address of the client
 * @throws GatewayError
 */
export function presentKey(
  x: Exchange,
  key: VirtualKey,
  { bySecret, address }: { bySecret: boolean; address: string },
): VirtualKey {
  const { keys } = x.io.runtime;
  if (!key.listed) {
    const off = disabledAbove(key, keys);
    if (off !== null) throw new GatewayError(off);
    if (key.expiresMs !== null && key.expiresMs <= Date.now()) throw gatewayError('key_expired');
    return key;
  }
  const found = bySecret ? keys.byId(key.id) : keys.find(credentialOf(x.incoming.headers) ?? '');
  if (found === undefined || found.id !== key.id) throw gatewayError('key_revoked', { key: key.name });
  const now = Date.now();
  if (found.expiresMs !== null && found.expiresMs <= now) throw gatewayError('key_expired');
  const present = keys.forRequest(found, x.metadata);
  present.check?.({ now, path: x.incoming.path.replace(SDK_PREFIX, ''), address: () => address });
  return present;
}

/** Of a caller by the token of another issuer, who is in no list: what it belongs to may be disabled, or gone. */
function disabledAbove({ chain }: VirtualKey, keys: KeyTable): CanonicalError | null {
  for (const { kind, id, name } of chain) {
    if (kind === 'key') continue;
    const group = keys.group(entityKey(kind, id));
    if (group?.access.disabled === false) continue;
    return canonicalError('entity_disabled', { who: group?.access.who ?? `${kind} "${name}"` });
  }
  return null;
}

/** When the first of the key and of all that it belongs to expires: unix milliseconds; null never. */
export function lastMomentOf({ expiresMs, access, listed }: VirtualKey): number | null {
  // What is above a caller by token is looked at when it changes; its moments are those of the token.
  const above = listed ? access.map((one) => one.expiresMs) : [];
  const moments = [expiresMs, ...above].filter((at) => at !== null);
  return moments.length === 0 ? null : Math.min(...moments);
}
