import { emptyUsage, type Usage, type UsageUnits } from '@headgate/sdk';

/** A usage of nothing but these units. */
export function usedUnits(units: UsageUnits): Usage {
  return { ...emptyUsage(), units };
}
