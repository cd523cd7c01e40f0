import { z } from 'zod';
import { duration } from '../duration.js';
import { wants } from '../wants.js';
import { checkShort, limitKeys, ruleKeys } from './rules.js';

const priceForm = wants('an amount in US dollars from 0 to 1000');
const pinForm = wants('true, or a fingerprint such as sha256:2c26…');

/** Tokens are no measure of tools, and sockets are not theirs. */
export const toolLimits = limitKeys
  .pick({ rpm: true, parallel_requests: true, windows: true })
  .superRefine(checkShort);

/** What is said of a tool of a server. */
export const mcpTool = z.strictObject({
  approval: z
    .enum(['required', 'none'], wants('required or none'))
    .optional()
    .describe('`required`: a run waits until its client has agreed to a call. Default `none`.'),
  price_usd: z
    .number(priceForm)
    .min(0, priceForm)
    .max(1000, priceForm)
    .optional()
    .describe('What one call costs, US dollars; counted in budgets and kept in the ledger.'),
  limits: toolLimits.optional().describe('How often it may be called, by all callers together.'),
  budgets: ruleKeys.budgets.describe('What may be spent on it, by all callers together.'),
  timeout: duration().optional().describe('Longest time one call may take. Left out: as the server.'),
  cache: duration()
    .optional()
    .describe(
      'How long a result is given again to the same caller for the same arguments, if the server says that the tool ' +
        'only reads. Left out: never.',
    ),
  pin: z
    .union([z.literal(true), z.string().regex(/^sha256:[0-9a-f]{64}$/)], pinForm)
    .optional()
    .describe(
      'Hold the tool back when its description or its schema changes: from the fingerprint given, or with `true` from the ' +
        'first that was seen, which is kept in the data folder.',
    ),
});

/** What may be said of its prompts, and of its resources. */
export const mcpCounted = mcpTool.pick({ price_usd: true, limits: true, budgets: true });

export type ParsedMcpTool = z.output<typeof mcpTool>;
