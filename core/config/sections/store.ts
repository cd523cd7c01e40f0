import { z } from 'zod';
import { wants } from '../wants.js';

const form = wants('"sqlite:" and a path, such as sqlite:./data/headgate.db');

/** Where records are kept. */
export const storeSection = z.strictObject({
  url: z
    .string(form)
    .regex(/^(sqlite:.+|postgres(ql)?:\/\/.+)$/, form)
    .optional()
    .describe(
      'Database of records and keys: `sqlite:PATH`, relative to the folder of this file, or `sqlite::memory:`. Left out: ' +
        '`headgate.db` in the data folder. `postgres://` is not supported by this version yet.',
    ),
});
