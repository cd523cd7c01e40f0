import { z } from 'zod';
import { wants } from '../wants.js';
import { attachedToolsSection } from './attached-tools.js';
import { entityId, labels, parent, requestText } from './entities.js';
import { unpriced } from './prices.js';
import { rotation } from './rotation.js';
import { ruleKeys } from './rules.js';
import { type GivenWindow, PERIODS, windowName } from './window.js';

const nameForm = wants('a name');
const valueForm = wants('the key: visible characters without spaces');
const usdForm = wants('an amount in US dollars above 0 and at most 9000000');
const budget = z.strictObject({
  // Counted in nano-dollars, which stay exact in a double up to 9 million dollars.
  usd: z
    .number(usdForm)
    .gte(1e-9, usdForm)
    .max(9_000_000, usdForm)
    .describe('Most that may be spent in a period, US dollars.'),
  per: z.enum(PERIODS).default('month').describe('The period: calendar minutes to years, in UTC.'),
});

const metadata = z.strictObject({
  customer: requestText.optional().describe('Customer when the request names none.'),
  tags: z.array(requestText, wants('a list of texts')).optional().describe('Tags added to every request.'),
});

const hashForm = wants('"hmac-sha256:" or "sha256:" and 64 hexadecimal digits');

/** What a virtual key may say, in the file and in the store. */
export const keyKeys = {
  ...ruleKeys,
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
  mcp: attachedToolsSection
    .optional()
    .describe('Tools of MCP servers that its requests have beside their own.'),
  metadata: metadata.optional().describe('What its requests are counted under unless they say otherwise.'),
  organization: parent('organization'),
  team: parent('team'),
  project: parent('project'),
  user: entityId.optional().describe('Id of the user it belongs to.'),
  labels,
};

/** One way upwards: a project has a team, a team an organization. */
export function hasOneParent(key: {
  organization?: string | undefined;
  team?: string | undefined;
  project?: string | undefined;
}): boolean {
  return [key.organization, key.team, key.project].filter((id) => id !== undefined).length <= 1;
}

/** `budget` is an entry of `budgets` in short: beside one of the same window both would count on one counter. */
export function hasOneBudget({
  budget,
  budgets = [],
}: {
  budget?: { per: GivenWindow['per'] } | undefined;
  budgets?: readonly (GivenWindow & { hard: boolean })[] | undefined;
}): boolean {
  if (budget === undefined) return true;
  const short = windowName({ per: budget.per, window: 'calendar' });
  return budgets.every((one) => !one.hard || windowName(one) !== short);
}

export const manyBudgets = {
  path: ['budget'],
  ...wants('one budget for a window: an entry of `budgets` has the same one'),
};

export const manyParents = {
  path: ['organization'],
  ...wants('one of project, team and organization: the nearest, which has the others'),
};

const key = z
  .strictObject({
    name: z
      .string(nameForm)
      .min(1, nameForm)
      .max(200, nameForm)
      .describe('Unique name, shown in logs and usage.'),
    id: entityId.optional().describe('What records and counters know it by; the name when left out.'),
    value: z
      .string(valueForm)
      .regex(/^[\x21-\x7e]+$/, valueForm)
      .optional()
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the syntax of the file, not of TypeScript
      .describe('The key clients send, best as `${NAME}`, 16 characters or more.'),
    hash: z
      .string(hashForm)
      .regex(/^(hmac-sha256|sha256):[0-9a-f]{64}$/, hashForm)
      .optional()
      .describe('In place of `value`: its hash, as an export of the store or LiteLLM’s database has it.'),
    ...keyKeys,
    rotate: rotation
      .optional()
      .describe('Only counts when the key is imported into the store: the gateway changes no file.'),
  })
  .refine(({ value, hash }) => (value === undefined) !== (hash === undefined), {
    path: ['value'],
    ...valueForm,
  })
  .refine(hasOneParent, manyParents)
  .refine(hasOneBudget, manyBudgets);

/** A key in the store: its name, id and hash are kept beside it. */
export const storedKeySchema = z
  .strictObject({ ...keyKeys, rotate: rotation.optional() })
  .refine(hasOneParent, manyParents)
  .refine(hasOneBudget, manyBudgets);

/** Virtual keys that live in the file. */
export const keysSection = z.array(key, wants('a list of virtual keys')).default([]);

export type ParsedKey = z.output<typeof key>;
