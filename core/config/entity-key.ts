import type { EntityKind } from '@headgate/sdk';

/** Kinds have ids of their own, so that a team and a user may have the same one. */
export function entityKey(kind: EntityKind, id: string): string {
  return `${kind}:${id}`;
}
