import { addUnits, TOKEN_COUNTS, USAGE_UNITS, type Usage } from '@headgate/sdk';

/** What two answers used together. Tier and variant are those of the first. */
export function sumOf(a: Usage, b: Usage): Usage {
  const total = a.units === undefined ? { ...a } : { ...a, units: { ...a.units } };
  for (const name of TOKEN_COUNTS) total[name] += b[name];
  for (const unit of USAGE_UNITS) addUnits(total, unit, b.units?.[unit] ?? 0);
  return total;
}
