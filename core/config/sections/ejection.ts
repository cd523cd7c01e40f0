import { z } from 'zod';
import { duration } from '../duration.js';
import { integer } from '../integer.js';
import { wants } from '../wants.js';

const form = wants('"off" or a mapping');

/** When a target is passed over. No zod defaults: model, then gateway, then {@link DEFAULT_EJECTION} decide. */
export const ejectionSection = z.union(
  [
    z.literal('off'),
    z.strictObject({
      after: integer(1, 1000)
        .optional()
        .describe(
          'Attempts that must fail one after the other: no connection, a timeout, 401, 403, 408, 5xx, a 429 that does not say when. ' +
            'Default 5.',
        ),
      for: duration()
        .optional()
        .describe(
          'For how long the target is passed over; then one request tries it, and each time that fails it is twice as long. ' +
            'Default `5s`.',
        ),
      max: duration().optional().describe('The longest time. Default `5m`.'),
    }),
  ],
  form,
);

/** When a target is taken out, and for how long. */
export interface EjectionRules {
  /** Attempts that must have failed one after the other. */
  readonly after: number;
  /** The first time, milliseconds; twice as long each time that it fails again when it is tried. */
  readonly firstMs: number;
  /** The longest time, milliseconds. */
  readonly mostMs: number;
}

export const DEFAULT_EJECTION: EjectionRules = Object.freeze({ after: 5, firstMs: 5_000, mostMs: 300_000 });

export type ParsedEjection = z.output<typeof ejectionSection> | undefined;

/**
 * What is given, over `base` for the rest.
 *
 * @returns null where nothing is passed over
 */
export function resolveEjection(given: ParsedEjection, base: EjectionRules | null): EjectionRules | null {
  if (given === 'off') return null;
  if (given === undefined) return base;
  const rest = base ?? DEFAULT_EJECTION;
  return {
    after: given.after ?? rest.after,
    firstMs: given.for ?? rest.firstMs,
    mostMs: given.max ?? rest.mostMs,
  };
}
