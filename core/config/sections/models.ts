import { z } from 'zod';
import { duration } from '../duration.js';
import { integer, weight } from '../integer.js';
import { ONCE } from '../once.js';
import { wants } from '../wants.js';
import { attachedToolsSection } from './attached-tools.js';
import { ejectionSection } from './ejection.js';
import { unpriced } from './prices.js';
import { timeoutsSection } from './timeouts.js';

/** What becomes of fields that a target's wire format has no words for. */
export const onUnsupported = z.enum(['drop', 'warn', 'reject']);

/** Every strategy there will be; `not-yet.ts` says which of them this version refuses. */
const STRATEGIES = [
  'fallback',
  'weighted',
  'least_latency',
  'least_cost',
  'least_busy',
  'usage',
  'sticky',
] as const;

const targetForm = wants('"provider/model", such as openai/gpt-4o');
const targetText = z.string(targetForm).regex(/^[^/\s]+\/\S+$/, targetForm);

const target = z.union([
  targetText,
  z.strictObject({
    target: targetText.describe('`provider/model`, such as `openai/gpt-4o`.'),
    weight: weight().default(1).describe('Share of the traffic with `strategy: weighted`; 0 takes it out.'),
  }),
]);

const causeForm = wants('a status such as 429, "4xx", "5xx", "timeout" or "connection"');
const cause = z.union(
  [
    z.enum(['4xx', '5xx', 'timeout', 'connection']),
    integer(400, 599),
    z.string().regex(/^[45]\d\d$/, causeForm),
  ],
  causeForm,
);

const backoff = z.strictObject({
  initial: duration()
    .prefault('250ms')
    .describe('Pause before the first retry; doubled each time, with jitter.'),
  max: duration()
    .prefault('10s')
    .describe('Longest pause; a longer `retry-after` of the provider ends the retries.'),
});

const retries = z.strictObject({
  attempts: integer(1, 10)
    .default(2)
    .describe('Tries at each target, the first one included, before the next target is taken.'),
  on: z
    .array(cause, wants('a list of failures'))
    .default([429, '5xx', 'timeout', 'connection'])
    .describe(
      'Failures that lead to another try, then to the next target: statuses, `4xx`, `5xx`, `timeout`, `connection`.',
    ),
  backoff: backoff.prefault({}).describe('Pauses between tries at the same target.'),
});

/** One public model; the file, the admin API and its OpenAPI document have the same one. */
export const modelSchema = z.strictObject({
  strategy: z
    .enum(STRATEGIES)
    .default('fallback')
    .describe(
      'How a target is chosen. `fallback`: in the order given; `weighted`: at random by weight, the others as fallback. ' +
        'The rest are not supported by this version yet.',
    ),
  targets: z
    .array(target, wants('a list of "provider/model"'))
    .min(1, wants('at least one target'))
    .describe('Where requests for this model go: `provider/model`, or `{ target, weight }`.'),
  retries: retries.prefault({}).describe('When and how often to try again.'),
  ejection: ejectionSection.optional().describe('As `ejection` of the gateway, for this model.'),
  on_unsupported: onUnsupported.optional().describe('As `on_unsupported` of the gateway, for this model.'),
  unpriced: unpriced.optional().describe('As `unpriced` of the gateway, for this model.'),
  mcp: attachedToolsSection
    .optional()
    .describe('Tools of MCP servers that its requests have beside their own.'),
  timeouts: timeoutsSection
    .optional()
    .describe('Limits for this model; they go before those of the provider.'),
});

const nameForm = wants('a model name without spaces or "*"');

export const modelName = z.string(nameForm).regex(/^[^\s*]{1,256}$/, nameForm);

/** The public model names. */
export const modelsSection = z.record(modelName, modelSchema, wants('a mapping of model names')).prefault({});

export type ParsedModel = z.output<typeof modelSchema>;
export type ParsedRetries = z.output<typeof retries>;
/** What `retries` means when nothing is said, parsed once. */
export const PARSED_RETRIES_DEFAULT: ParsedRetries = retries.parse({}, ONCE);
