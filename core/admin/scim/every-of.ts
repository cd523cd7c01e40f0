import type { StoredEntity } from '../../store/control/entity-rows.js';
import type { OpenGovernance } from '../governance.js';

const PAGE = 1000;

/** All users, or groups, page by page. */
export async function everyOf(
  kind: 'user' | 'group',
  entities: OpenGovernance['store']['entities'],
): Promise<StoredEntity[]> {
  const all: StoredEntity[] = [];
  for (let after = ''; ; ) {
    const page = await entities.list(kind, { after, limit: PAGE });
    all.push(...page);
    if (page.length < PAGE) return all;
    after = page.at(-1)?.id ?? '';
  }
}
