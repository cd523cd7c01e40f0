import { z } from 'zod';
import { wants } from '../wants.js';

const form = wants(
  '"sqlite:" and a path, such as sqlite:./data/headgate.db, or postgres://USER:PASSWORD@HOST/DATABASE',
);

/** Where records are kept. */
export const storeSection = z.strictObject({
  url: z
    .string(form)
    .regex(/^(sqlite:.+|postgres(ql)?:\/\/.+)$/, form)
    .refine((url) => url.startsWith('sqlite:') || URL.canParse(url), form)
    .optional()
    .describe(
      'Database of records and keys: `sqlite:PATH`, relative to the folder of this file, or `sqlite::memory:`. Left out: ' +
        '`headgate.db` in the data folder. `postgres://USER:PASSWORD@HOST:PORT/DATABASE` for several nodes.',
    ),
});
