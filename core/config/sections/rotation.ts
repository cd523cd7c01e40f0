import { z } from 'zod';
import { duration } from '../duration.js';
import { wants } from '../wants.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MOST_MS = 3_660 * DAY_MS;

const longEnough = wants('a duration from 1h to 3660d');

/** When a key of the store gets another secret without anybody asking for it, and whether its holder may ask. */
export const rotation = z
  .strictObject({
    every: duration(MOST_MS)
      .refine((ms) => ms >= HOUR_MS, longEnough)
      .optional()
      .describe('Age at which a secret is replaced; left out: never by itself.'),
    grace: duration(MOST_MS)
      .prefault('7d')
      .describe('How long the old secret still works, and the new one can be fetched with it.'),
    self: z
      .boolean(wants('true or false'))
      .default(false)
      .describe('Whether the holder may ask for another secret at any time.'),
  })
  .refine(({ every, grace }) => every === undefined || grace < every, {
    path: ['grace'],
    ...wants('less than `every`'),
  });

export type Rotation = z.output<typeof rotation>;
