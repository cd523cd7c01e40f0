import type { ScannedFields } from '@headgate/sdk';
import { scannedJson } from '../shared/scanned-field.js';

/** `metadata.user_id`. */
export function userOf(fields: ScannedFields): string | undefined {
  const metadata = scannedJson(fields.json('metadata'));
  if (typeof metadata !== 'object' || metadata === null) return undefined;
  const id = (metadata as Record<string, unknown>)['user_id'];
  return typeof id === 'string' ? id : undefined;
}
