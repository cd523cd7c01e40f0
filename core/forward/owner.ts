import { gatewayError } from '../errors.js';
import type { Exchange } from '../exchange.js';

/** Who made an object: no other provider, and no other account there, knows its id. */
export interface Owner {
  readonly provider: string;
  /** Name of the provider's key. */
  readonly key: string;
  /** Id of the virtual key that made it; absent where that is not known: it was made without one, or not through here. */
  readonly holder?: string | undefined;
}

/** An object's id and its owner. */
export interface OwnedObject extends Owner {
  readonly id: string;
  /** An answer of a model: there are many, and none is kept for long. */
  readonly answers?: boolean;
}

/** Whether this is no business of that virtual key. */
export function isOthers(owner: Owner | undefined, keyId: string): boolean {
  return owner?.holder !== undefined && owner.holder !== keyId;
}

/** Refuses a request that names what another virtual key has made. */
export function mustBeOwn({ runtime, principal }: Exchange, id: string, owner: Owner | undefined): void {
  if (runtime.config.sharedObjects || !isOthers(owner, principal?.id ?? '')) return;
  throw gatewayError('object_not_found', { id: id.slice(0, 100), key: principal?.name ?? '' });
}
