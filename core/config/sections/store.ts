import { z } from 'zod';
import { duration, LONGEST_MS } from '../duration.js';
import { integer } from '../integer.js';
import { size } from '../size.js';
import { wants } from '../wants.js';

const form = wants(
  '"sqlite:" and a path, such as sqlite:./data/headgate.db, or postgres://USER:PASSWORD@HOST/DATABASE',
);

const days = () =>
  duration(LONGEST_MS).refine((ms) => ms >= 86_400_000, wants('a duration of a day or more'));

const retention = z.strictObject({
  records: days().prefault('30d').describe('How long the record of each request is kept.'),
  max_records: integer(1, 1_000_000_000_000)
    .optional()
    .describe('Most records that are kept; the oldest go first. Left out: 5,000,000, or 20,000 in memory.'),
  max_size: size(1024 ** 5)
    .optional()
    .describe('Most bytes that all records take; the oldest go first. Left out: no bound.'),
  quarters: days()
    .prefault('400d')
    .describe(
      'How long sums of quarters of an hour are kept, at least a day longer than records. Before that usage is told by whole days in UTC.',
    ),
  days: days().optional().describe('How long sums of days are kept. Left out: for ever.'),
});

/** Where records are kept, how surely and how long. */
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
  durable: z
    .enum(['batch', 'request'], wants('"batch" or "request"'))
    .default('batch')
    .describe(
      '`batch`: records are written together, within 20 ms of the end of their answers. `request`: an answer ends only when its ' +
        'record is on disk, synced; of a stream its last event waits.',
    ),
  on_failure: z
    .enum(['serve', 'refuse'], wants('"serve" or "refuse"'))
    .optional()
    .describe(
      'What becomes of requests while records cannot be written, such as on a full disk. `serve`: they are answered, and up to ' +
        '16 MB of records wait in memory. `refuse`: they are answered with 503. Left out: `refuse` with `durable: request`, else `serve`.',
    ),
  retention: retention.prefault({}).describe('How long records and sums are kept.'),
});
