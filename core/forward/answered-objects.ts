import type { JsonObject } from '@headgate/sdk';
import type { Exchange } from '../exchange.js';
import { WITHOUT_IDS } from './choose.js';
import type { Forward } from './forward.js';
import { answeredObject, entriesOf, idsIn, ownIdsIn } from './object-ids.js';
import { isOthers, type Owner } from './owner.js';

/**
 * Keeps whose the objects in an answer are, and takes out of a list what is another virtual key's. The answer as it is to be
 * sent; the same buffer when nothing was taken out.
 */
export function withOwnObjects(x: Exchange, body: Buffer): Buffer | Promise<Buffer> {
  const [attempt] = x.attempts.slice(-1);
  const answer = WITHOUT_IDS.has(x.endpoint.format.operation) ? null : answeredObject(body);
  if (answer === null || attempt === undefined) return body;
  const owner: Owner = { provider: attempt.provider, key: attempt.key };
  const list = entriesOf(answer);
  if (list !== null) return ownEntries(x, body, { answer, owner, ...list });
  x.io.objects.remember(idsIn(answer), owner);
  const holder = holderOf(x, answer);
  const kept = holder === null ? undefined : x.io.objects.remember(ownIdsIn(answer), { ...owner, holder });
  // Nobody may see it in a list before it is known whose it is.
  return kept === undefined ? body : kept.then(() => body);
}

/** Whose the object is: who made what was asked for, or who has made it just now. */
function holderOf(x: Exchange, answer: JsonObject): string | null {
  const { holder, ids } = x.forward as Forward;
  if (holder !== null) return holder;
  const [id] = ownIdsIn(answer);
  const isNew = x.incoming.method === 'POST' && id !== undefined && !ids.has(id);
  const maker = x.principal?.id ?? '';
  return isNew && maker !== '' ? maker : null;
}

interface Listed {
  readonly answer: JsonObject;
  readonly member: string;
  readonly entries: readonly JsonObject[];
  readonly owner: Owner;
}

function ownEntries(x: Exchange, body: Buffer, list: Listed): Buffer | Promise<Buffer> {
  const { answer, member, entries, owner } = list;
  const { objects } = x.io;
  for (const entry of entries) objects.remember(idsIn(entry), owner);
  if (x.runtime.config.sharedObjects) return body;
  const ids = entries.flatMap((entry) => ownIdsIn(entry).slice(0, 1));
  const owners = objects.ownersOf(ids);
  const keyId = x.principal?.id ?? '';
  const filter = (known: ReadonlyMap<string, Owner>): Buffer => {
    const own = entries.filter((entry) => {
      const [id] = ownIdsIn(entry);
      return id === undefined || !isOthers(known.get(id), keyId);
    });
    return own.length === entries.length ? body : listOf(answer, member, own);
  };
  return owners instanceof Promise ? owners.then(filter) : filter(owners);
}

/** Where the next page begins stays as it is: what was left out here is not asked for again. */
function listOf(answer: JsonObject, member: string, own: JsonObject[]): Buffer {
  const first = own[0]?.['id'] ?? null;
  const changed = { ...answer, [member]: own, ...('first_id' in answer && { first_id: first }) };
  return Buffer.from(JSON.stringify(changed));
}
