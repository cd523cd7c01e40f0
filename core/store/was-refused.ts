import type { SettledRecord } from '@headgate/sdk';

/**
 * Whether limits on requests do not count it: what a rule refuses counts as none, and what makes no sense is never counted. Sums
 * know it by the provider, too, which is '' of requests that none was asked for.
 */
export function wasRefused({ outcome, provider }: Pick<SettledRecord, 'outcome' | 'provider'>): boolean {
  return outcome === 'error' && provider === '';
}
