import { createHash } from 'node:crypto';
import type { SettledRecord } from '@headgate/sdk';

/** What requests are counted under, in the order of `GROUP_COLUMNS`; the last one are the tags as a JSON array. */
export type GroupValues = readonly string[];

/** The fields of a record that make its group, beside its tags, in the order of `GROUP_COLUMNS`. */
export const GROUP_FIELDS = [
  'org',
  'team',
  'project',
  'user',
  'keyId',
  'customer',
  'model',
  'provider',
  'targetModel',
  'operation',
  'format',
] as const satisfies readonly (keyof SettledRecord)[];

/**
 * A number of 63 bits, the same for the same values in every process. Two of a million groups share one with a probability
 * of one in twenty million; `headgate ledger verify` would name them.
 */
export function groupId(values: GroupValues): bigint {
  return createHash('sha256').update(JSON.stringify(values)).digest().readBigUInt64LE() >> 1n;
}

/** No database holds a zero byte or half a character in a text. */
export function storable(text: unknown): string {
  return String(text ?? '').replace(/\0|\p{Surrogate}/gu, '\ufffd');
}

/** Tags as a group has them: each once, in order. */
export function tagsText(tags: readonly string[]): string {
  return tags.length === 0 ? '[]' : JSON.stringify([...new Set(tags.map(storable))].sort());
}
