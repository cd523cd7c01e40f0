import type { UsageFilter } from '../store/usage-report.js';
import type { Caller } from './caller.js';
import { allows, isEverywhere, type Permission } from './role.js';

/** What somebody may do something to. */
export interface Reach {
  /** Everything in these, by `kind:id`. */
  readonly places: ReadonlySet<string>;
  /** What is this user's own, too; null: nothing is. */
  readonly own: string | null;
  /** Where one's own must be to be changed; null: anywhere. */
  readonly ownWithin: ReadonlySet<string> | null;
}

/** Of a member, these are the own ones alone. */
const OWN: ReadonlySet<Permission> = new Set([
  'keys:read',
  'keys:write',
  'usage:read',
  'requests:read',
  'bodies:read',
]);

/** What the caller reaches with a permission that it has; null: everything there is. */
export function reachOf({ grants, kind, id }: Caller, permission: Permission): Reach | null {
  const places = new Set<string>();
  const mine = new Set<string>();
  let own: string | null = null;
  let anywhere = false;
  for (const grant of grants) {
    if (!allows(grant, permission)) continue;
    const everywhere = isEverywhere(grant);
    const place = grant.team !== null ? `team:${grant.team}` : `organization:${grant.organization}`;
    if (grant.role === 'member' && OWN.has(permission)) {
      // Nobody's but a person's: a program has nothing of its own.
      if (kind !== 'session') continue;
      own = id;
      if (everywhere) anywhere = true;
      else mine.add(place);
    } else if (everywhere) return null;
    else places.add(place);
  }
  return { places, own, ownWithin: anywhere ? null : mine };
}

/** Whether something is within reach to be seen. @param places all that it belongs to, and itself */
export function sees({ places: mine, own }: Reach, places: ReadonlySet<string>): boolean {
  return (own !== null && places.has(`user:${own}`)) || meet(mine, places);
}

/**
 * Whether something is within reach to be changed. A place itself is not: its rules bind those who manage what is in it.
 * @param name its own, `kind:id`
 */
export function changes(
  { places: mine, own, ownWithin }: Reach,
  name: string,
  places: ReadonlySet<string>,
): boolean {
  const above = new Set(places);
  above.delete(name);
  if (meet(mine, above)) return true;
  return own !== null && above.has(`user:${own}`) && (ownWithin === null || meet(ownWithin, above));
}

/** Usage within reach: that of one of these. */
export function usageWithin({ places, own }: Reach): UsageFilter {
  const of = (kind: string): string[] =>
    [...places].filter((one) => one.startsWith(`${kind}:`)).map((one) => one.slice(kind.length + 1));
  return { org: of('organization'), team: of('team'), user: own === null ? [] : [own] };
}

function meet(some: ReadonlySet<string>, others: ReadonlySet<string>): boolean {
  for (const one of some) if (others.has(one)) return true;
  return false;
}
