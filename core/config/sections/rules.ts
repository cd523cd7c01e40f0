import { z } from 'zod';
import { parseFetchRule } from '../fetch-rule.js';
import { integer } from '../integer.js';
import { wants } from '../wants.js';
import { type GivenWindow, windowKeys, windowName, zoneFits, zoneMisplaced } from './window.js';

const usdForm = wants('an amount in US dollars above 0 and at most 9000000');
const expiryForm = wants('a date such as 2026-12-31 or a time such as 2026-12-31T18:00:00Z');
const rangeForm = wants('an address or a network such as 10.0.0.0/8');
const shareForm = wants('a share above 0 and at most 1, such as 0.8');
const targetForm = wants('a target such as openai/gpt-5-nano');
const pathForm = wants('a path such as /v1/chat/completions; "*" stands for any text');
const DATE = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/;
/** Most entries of one list. */
const MOST = 1000;

/** Counted in nano-dollars, of which less than one is none, and which stay exact in a double up to 9 million dollars. */
const usd = () => z.number(usdForm).gte(1e-9, usdForm).max(9_000_000, usdForm);
const tokens = () => integer(1, 1_000_000_000_000);

export const expiry = z
  .string(expiryForm)
  .regex(DATE, expiryForm)
  .refine((text) => !Number.isNaN(Date.parse(text)), expiryForm);

const budgetEntry = z
  .strictObject({
    usd: usd().describe('Most that may be spent in a window, US dollars.'),
    ...windowKeys,
    hard: z
      .boolean(wants('true or false'))
      .default(true)
      .describe('`false`: passing it is told, not refused.'),
    reserve: z
      .enum(['most', 'expected'], wants('most or expected'))
      .default('most')
      .describe(
        'What a request holds until its cost is known: `most` it can cost, so that the budget is never passed; or what is ' +
          "`expected`, the 95th percentile of the model's answers, so that what is in flight may pass it.",
      ),
    raise: z
      .strictObject({
        usd: usd().describe('So much more, US dollars.'),
        until: expiry.describe('Until then: a date (its start, UTC) or a time.'),
      })
      .optional()
      .describe('A raise for a time.'),
    downgrade: z
      .strictObject({
        at: z
          .number(shareForm)
          .gt(0, shareForm)
          .max(1, shareForm)
          .describe('Share of the budget, such as 0.8, from which on it counts.'),
        to: z
          .string(targetForm)
          .regex(/^[a-z0-9][a-z0-9._-]*\/.{1,200}$/, targetForm)
          .describe('The target that requests go to then, as `provider/model`.'),
      })
      .optional()
      .describe('A cheaper model when a share of it is spent.'),
  })
  .refine(zoneFits, zoneMisplaced);

const limitEntry = z
  .strictObject({
    requests: integer(1, 1_000_000_000_000).optional().describe('Requests.'),
    input_tokens: tokens().optional().describe('Tokens of prompts.'),
    output_tokens: tokens().optional().describe('Tokens of answers.'),
    total_tokens: tokens().optional().describe('Tokens of prompts and answers together.'),
    usd: usd().optional().describe('US dollars.'),
    ...windowKeys,
  })
  .refine(zoneFits, zoneMisplaced)
  .refine(
    (entry) => MEASURES.some((name) => entry[name] !== undefined),
    wants('at least one of requests, input_tokens, output_tokens, total_tokens and usd'),
  );

export const MEASURES = ['requests', 'input_tokens', 'output_tokens', 'total_tokens', 'usd'] as const;

/** The first entry whose window another one has already. */
function repeated(names: readonly string[]): number {
  return names.findIndex((name, index) => names.indexOf(name) !== index);
}

function checkBudgets(
  budgets: readonly (GivenWindow & { usd: number; hard: boolean })[],
  context: z.RefinementCtx,
): void {
  const again = repeated(budgets.map((one) => `${windowName(one)} ${one.hard}`));
  if (again >= 0)
    context.addIssue({
      code: 'custom',
      path: [again],
      message: wants('one budget for a window: another entry has the same one').error,
    });
}

function checkWindows(windows: readonly z.output<typeof limitEntry>[], context: z.RefinementCtx): void {
  const measured = windows.flatMap((one, index) =>
    MEASURES.flatMap((of) => (one[of] === undefined ? [] : [{ index, name: `${of} ${windowName(one)}` }])),
  );
  const again = repeated(measured.map(({ name }) => name));
  if (again >= 0)
    context.addIssue({
      code: 'custom',
      path: [measured[again]!.index],
      message: wants('one limit of a kind for a window: another entry has the same one').error,
    });
}

/** `rpm` and `tpm` are limits of the clock's minutes in short: beside a long one they would count on the same counter. */
export function checkShort(
  {
    rpm,
    tpm,
    windows = [],
  }: {
    rpm?: number | undefined;
    tpm?: number | undefined;
    windows?: z.output<typeof limitEntry>[] | undefined;
  },
  context: z.RefinementCtx,
): void {
  const minute = windowName({ per: 'minute', window: 'calendar', time_zone: undefined });
  const said = [rpm !== undefined && 'requests', tpm !== undefined && 'total_tokens'] as const;
  const again = windows.findIndex(
    (one) => windowName(one) === minute && said.some((of) => of !== false && one[of] !== undefined),
  );
  if (again >= 0)
    context.addIssue({
      code: 'custom',
      path: ['windows', again],
      message: wants('one limit of a kind for a window: rpm or tpm is the same one').error,
    });
}

/** Without what must fit together, for those who take a part of it. */
export const limitKeys = z.strictObject({
  rpm: integer(1, 1_000_000_000).optional().describe('Requests a minute.'),
  tpm: integer(1, 1_000_000_000_000).optional().describe('Tokens a minute, prompt and answer together.'),
  sockets: integer(1, 1_000_000).optional().describe('WebSockets open at once, over all threads.'),
  parallel_requests: integer(1, 1_000_000).optional().describe('Requests that may run at once.'),
  windows: z
    .array(limitEntry, wants('a list of limits'))
    .max(32)
    .superRefine(checkWindows)
    .optional()
    .describe('Limits in other windows.'),
});

export const limitsSection = limitKeys.superRefine(checkShort);

const list = (what: string, item: z.ZodType<string, string> = word(what)) =>
  z
    .array(item, wants(`a list of ${what}`))
    .max(MOST)
    .optional();

function word(what: string): z.ZodType<string, string> {
  const form = wants(`a text in the list of ${what}`);
  return z.string(form).min(1, form).max(256, form);
}

const range = z.string(rangeForm).refine((text) => parseFetchRule(text)?.kind === 'network', rangeForm);
const endpoint = z.string(pathForm).regex(/^[/*][\x21-\x7e]{0,255}$/, pathForm);

/** What anything that has rules may say. For lists of what is allowed: left out is everything, an empty list is nothing. */
export const ruleKeys = {
  budgets: z
    .array(budgetEntry, wants('a list of budgets'))
    .max(32)
    .superRefine(checkBudgets)
    .optional()
    .describe('What may be spent.'),
  limits: limitsSection.optional().describe('How fast it may go.'),
  models: list('model names').describe(
    'Models it may use: public names or `provider/model`, with `*` as wildcard.',
  ),
  denied_models: list('model names').describe('Models it may not use, whatever `models` says.'),
  providers: list('provider ids').describe('Providers its requests may go to.'),
  denied_providers: list('provider ids').describe('Providers its requests may not go to.'),
  endpoints: list('paths', endpoint).describe(
    'Paths it may ask for, with `*` as wildcard, without the prefix of an SDK.',
  ),
  denied_endpoints: list('paths', endpoint).describe('Paths it may not ask for.'),
  mcp_servers: list('MCP servers').describe('MCP servers it may use.'),
  denied_mcp_servers: list('MCP servers').describe('MCP servers it may not use.'),
  mcp_tools: list('MCP tools').describe('MCP tools it may use, as `server/tool`, with `*` as wildcard.'),
  denied_mcp_tools: list('MCP tools').describe('MCP tools it may not use.'),
  ip_ranges: list('networks', range).describe('Addresses and networks that requests may come from.'),
  denied_ip_ranges: list('networks', range).describe(
    'Addresses and networks that requests may not come from.',
  ),
  expires: expiry.optional().describe('When it ends: a date (its start, UTC) or a time.'),
  disabled: z.boolean(wants('true or false')).optional().describe('Refuse all of its requests for now.'),
};

const rules = z.strictObject(ruleKeys);
export type ParsedRules = z.output<typeof rules>;
