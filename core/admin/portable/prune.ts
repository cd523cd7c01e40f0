import type { Change, Writing } from '../../store/control/control-store.js';
import type { StoredEntity } from '../../store/control/entity-rows.js';

const PAGE = 1000;

/**
 * Deletes what is stored of a kind and is not among `kept`.
 *
 * @param kept ids
 * @param remove what it comes to for one; null: it stays
 */
export async function prune(
  kind: string,
  kept: ReadonlySet<string>,
  writing: Writing,
  remove: (one: StoredEntity) => Promise<Change | null>,
): Promise<Change[]> {
  const changes: Change[] = [];
  for (let after = ''; ; ) {
    const page = await writing.entities.list(kind, { after, limit: PAGE });
    for (const one of page) {
      const change = kept.has(one.id) ? null : await remove(one);
      if (change !== null) changes.push(change);
    }
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return changes;
    after = last.id;
  }
}
