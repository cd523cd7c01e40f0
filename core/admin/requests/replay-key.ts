import { StoreError } from '../../store/control/store-error.js';
import { Places } from '../places.js';
import { reachOf, sees } from '../reach.js';
import type { AdminRequest } from '../route.js';
import type { AdminParts } from '../routes.js';

type Parts = Pick<AdminParts, 'config' | 'governance'>;

/**
 * Id of the virtual key as which a request is replayed.
 *
 * @param named id or name of the key that is wanted; left out: that of the request
 * @param own id of the request's own; '' when it had none
 * @throws StoreError where there is none, or the caller may not use it
 */
export async function replayKey(
  parts: Parts,
  { caller }: Pick<AdminRequest, 'caller'>,
  named: string | undefined,
  own: string,
): Promise<string> {
  const id = named === undefined ? own : await idOf(parts, named);
  const reach = reachOf(caller, 'requests:replay');
  if (id !== null && reach === null) return id;
  if (id !== null && id !== '' && reach !== null) {
    const { store } = await parts.governance.open();
    const at = await new Places(parts.config(), store.entities).of('key', id);
    if (at !== null && sees(reach, at)) return id;
  }
  throw new StoreError('entity_unknown', `there is no virtual key "${(named ?? own).slice(0, 128)}"`);
}

/** Where file and store both have it, the file's counts; an id counts more than a name. Null when there is none. */
async function idOf({ config, governance }: Parts, named: string): Promise<string | null> {
  const filed = config().keys.map(({ link }) => link);
  const store = governance.isOpen ? (await governance.open()).store : null;
  if (filed.some(({ id }) => id === named) || (await store?.entities.find('key', named))) return named;
  const ids = new Set(filed.filter(({ name }) => name === named).map(({ id }) => id));
  for (const { id } of (await store?.entities.named('key', named)) ?? []) ids.add(id);
  if (ids.size > 1)
    throw new StoreError(
      'entity_invalid',
      `several virtual keys have the name "${named}": give the id of one`,
    );
  return [...ids][0] ?? null;
}
