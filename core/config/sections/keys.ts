import { z } from 'zod';
import { integer } from '../integer.js';
import { wants } from '../wants.js';
import { unpriced } from './prices.js';

export const BUDGET_PERIODS = ['minute', 'hour', 'day', 'week', 'month', 'year'] as const;

const nameForm = wants('a name');
const valueForm = wants('the key: visible characters without spaces');
const usdForm = wants('an amount in US dollars above 0 and at most 9000000');
const expiryForm = wants('a date such as 2026-12-31 or a time such as 2026-12-31T18:00:00Z');
const DATE = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/;

const budget = z.strictObject({
  // Counted in nano-dollars, which stay exact in a double up to 9 million dollars.
  usd: z
    .number(usdForm)
    .gt(0, usdForm)
    .max(9_000_000, usdForm)
    .describe('Most that may be spent in a period, US dollars.'),
  per: z.enum(BUDGET_PERIODS).default('month').describe('The period: calendar minutes to years, in UTC.'),
});

const limits = z.strictObject({
  rpm: integer(1, 1_000_000_000).optional().describe('Requests a minute.'),
  tpm: integer(1, 1_000_000_000_000).optional().describe('Tokens a minute, prompt and answer together.'),
  sockets: integer(1, 1_000_000).optional().describe('WebSockets open at once, over all threads.'),
});

const metadata = z.strictObject({
  customer: z
    .string(wants('a text'))
    .min(1, wants('a text'))
    .optional()
    .describe('Customer when the request names none.'),
  tags: z
    .array(z.string(wants('a text')), wants('a list of texts'))
    .optional()
    .describe('Tags added to every request.'),
});

const key = z.strictObject({
  name: z
    .string(nameForm)
    .min(1, nameForm)
    .max(200, nameForm)
    .describe('Unique name, shown in logs and usage.'),
  value: z
    .string(valueForm)
    .regex(/^[\x21-\x7e]+$/, valueForm)
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the syntax of the file, not of TypeScript
    .describe('The key clients send, best as `${NAME}`, 16 characters or more.'),
  models: z
    .array(z.string(wants('a model name')).min(1, wants('a model name')), wants('a list of model names'))
    .default(['*'])
    .describe('Models it may use: public names or `provider/model`, with `*` as wildcard.'),
  passthrough: z
    .union(
      [z.boolean(), z.array(z.string(wants('a provider id')))],
      wants('true, false or a list of provider ids'),
    )
    .optional()
    .describe(
      'Whether it may use what is only forwarded and names no model: `/passthrough/…`, files, batches and the like; or the ' +
        'ids of the providers that it may reach so. Left out: true when `models` has `*`, otherwise false.',
    ),
  unpriced: unpriced
    .optional()
    .describe('As `unpriced` of the gateway, for this key; it goes before that of a model.'),
  budget: budget.optional().describe('What it may spend.'),
  limits: limits.optional().describe('How fast it may go.'),
  expires: z
    .string(expiryForm)
    .regex(DATE, expiryForm)
    .refine((text) => !Number.isNaN(Date.parse(text)), expiryForm)
    .transform((text) => Date.parse(text))
    .optional()
    .describe('When it ends: a date (its start, UTC) or a time.'),
  metadata: metadata.optional().describe('What its requests are counted under unless they say otherwise.'),
});

/** Virtual keys that live in the file. */
export const keysSection = z.array(key, wants('a list of virtual keys')).default([]);

export type ParsedKey = z.output<typeof key>;
