import { emptyUsage, type Usage } from '@headgate/sdk';

/** A usage with the counts given and zero elsewhere. */
export function usageOf(counts: Partial<Usage>): Usage {
  return { ...emptyUsage(), ...counts };
}
