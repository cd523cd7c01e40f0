import type { LinkKind } from '@headgate/sdk';

/** Kinds have ids of their own, so that a team and a user may have the same one. */
export function entityKey(kind: LinkKind, id: string): string {
  return `${kind}:${id}`;
}
