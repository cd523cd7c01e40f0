import { z } from 'zod';
import type { GROUP_DIMENSIONS } from '../../store/usage-report.js';
import { integer } from '../integer.js';
import { wants } from '../wants.js';
import { windowKeys } from './window.js';

const shareForm = wants('a percentage from 0% to 10000%, such as 20% or 12.5%');
const discountForm = wants('a percentage from 0% to 100%, such as 10%');
const dateForm = wants('a date such as 2026-11-01');
const valueForm = wants('a text, in which "*" stands for any text, or a list of such');
const requestForm = wants('an amount in US dollars, from 0 to 1000');
const millionForm = wants('US dollars per million tokens, from 0 to 1000');
const PERCENT = /^(\d{1,5})(\.\d{1,4})?%$/;

const percent = (form: { error: string }, most: number) =>
  z
    .string(form)
    .regex(PERCENT, form)
    .refine((text) => Number.parseFloat(text) <= most, form);
const date = z
  .string(dateForm)
  .regex(/^\d{4}-\d\d-\d\d$/, dateForm)
  .refine((text) => new Date(`${text}T00:00:00Z`).toJSON()?.startsWith(text) === true, dateForm);
const perMillion = z.number(millionForm).min(0, millionForm).max(1000, millionForm);

const one = z.string(valueForm).max(256, valueForm);
const value = z
  .union([one, z.array(one).min(1, valueForm).max(1000, valueForm)], valueForm)
  .transform((given) => (typeof given === 'string' ? [given] : given));
const match = z
  .strictObject({
    org: value.optional().describe('Id of the organization.'),
    team: value.optional().describe('Id of the team.'),
    project: value.optional().describe('Id of the project.'),
    user: value.optional().describe('Id of the user.'),
    key: value.optional().describe('Id of the virtual key.'),
    customer: value.optional().describe('The customer.'),
    tag: value.optional().describe('A tag of the request.'),
    model: value.optional().describe('The model that was asked for.'),
    provider: value.optional().describe('Id of the provider that answered.'),
    upstream_model: value.optional().describe('The provider’s own name of the model.'),
    operation: value.optional().describe('What was done, such as `chat` or `embedding`.'),
    endpoint: value.optional().describe('The API that the client spoke.'),
  } satisfies Record<(typeof GROUP_DIMENSIONS)[number], z.ZodType>)
  .prefault({})
  .describe(
    'Requests that the rule is for: all that is named must fit. Values as `/api/usage` has them, of keys the id; `*` stands for any text. Left out: all requests.',
  );

const nameForm = wants('a name: small letters, digits and ". _ -", at most 64');
export const billRuleName = z.string(nameForm).regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, nameForm);

export const billRuleSchema = z
  .strictObject({
    match,
    order: integer(-1000, 1000)
      .default(0)
      .describe(
        'Rules of a lower one are tried first; of the same one, those of `rules` in their order, then the named ones by name.',
      ),
    markup: percent(shareForm, 10_000).optional().describe('Charged on top of the cost.'),
    discount: percent(discountForm, 100).optional().describe('Taken off the cost.'),
    per_million_usd: z
      .strictObject({
        input: perMillion.describe('Of input that was not read from a cache.'),
        output: perMillion.describe('Of output.'),
        cache_read: perMillion.optional().describe('Of input that was; left out, as `input`.'),
      })
      .optional()
      .describe('A price for a million tokens in place of the cost.'),
    per_request_usd: z
      .number(requestForm)
      .min(0, requestForm)
      .max(1000, requestForm)
      .optional()
      .describe('Charged for each request, on top of everything else.'),
    from: date.optional().describe('First day on which the rule is in force.'),
    to: date.optional().describe('First day on which it is not any more.'),
  })
  .refine(
    ({ markup, discount, per_million_usd: fixed }) =>
      [markup, discount, fixed].filter((given) => given !== undefined).length <= 1,
    { path: ['markup'], ...wants('one of markup, discount and per_million_usd') },
  )
  .refine(({ from, to }) => from === undefined || to === undefined || from < to, {
    path: ['to'],
    ...wants('a date after "from"'),
  });

/** What is charged on for requests. */
export const billingSection = z.strictObject({
  time_zone: windowKeys.time_zone.describe(
    'Zone of the dates of rules, and of the months of invoices; `UTC` when left out.',
  ),
  rules: z
    .array(billRuleSchema, wants('a list of { match, markup, … }'))
    .max(1000, wants('at most 1000 rules'))
    .default([])
    .describe(
      'What is charged in place of the cost: the first rule that fits a request. Without one, the cost.',
    ),
  named: z
    .record(billRuleName, billRuleSchema)
    .default({})
    .describe('More rules, by name: those that `/api/billing-rules` makes and changes are such.'),
});
