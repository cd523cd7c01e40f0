import { type Rotation, rotation } from '../config/sections/rotation.js';
import type { StoredEntity } from '../store/control/entity-rows.js';

/** What a key says of its rotation; nothing happens by itself where it says nothing. */
export function policyOf({ spec }: StoredEntity): Rotation {
  const read = rotation.safeParse(spec['rotate'] ?? {});
  return read.success ? read.data : { grace: 0, self: false };
}

/** When a key is to get another secret, and when one that was fetched is to be forgotten. Unix milliseconds; null never. */
export function dueOf(key: StoredEntity): { rotateAt: number | null; forgetAt: number | null } {
  const { state, spec, createdMs } = key;
  const numberIn = (name: string): number | null => (typeof state[name] === 'number' ? state[name] : null);
  const forgetAt = numberIn('fetched_ms') === null ? null : numberIn('sealed_until_ms');
  const { every } = policyOf(key);
  if (every === undefined || numberIn('revoked_ms') !== null || spec['disabled'] === true)
    return { rotateAt: null, forgetAt };
  const at = (numberIn('rotated_ms') ?? createdMs) + every;
  const expires =
    typeof spec['expires'] === 'string' ? Date.parse(spec['expires']) : Number.POSITIVE_INFINITY;
  return { rotateAt: at < expires ? at : null, forgetAt };
}
