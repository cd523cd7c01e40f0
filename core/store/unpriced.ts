import type { SettledRecord } from '@headgate/sdk';

/** Whether a request used a provider and nobody knows what that cost. */
export function isUnpriced(record: SettledRecord): boolean {
  if (record.costNano !== null) return false;
  return record.usage !== null || (record.provider !== '' && record.outcome !== 'error');
}
