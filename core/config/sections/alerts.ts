import { z } from 'zod';
import { SEVERITIES } from '../../alerts/alert-settings.js';
import { duration, LONGEST_MS } from '../duration.js';
import { integer } from '../integer.js';
import { wants } from '../wants.js';
import { safeUrl } from './oidc.js';
import { zoneText } from './window.js';

const nameForm = wants('a name of letters, digits, "_", "." and "-"');
const name = z.string(nameForm).regex(/^[\w.-]{1,64}$/, nameForm);
const text = (what: string) => z.string(wants(what)).min(1, wants(what)).max(2000, wants(what));
const flag = wants('true or false');
const hook = z.strictObject({
  url: safeUrl.describe('The address of the webhook. It is a secret by itself.'),
});
const smtpForm = wants('an address such as smtps://user:password@mail.example.com');
const share = (what: string) => z.number(wants(what)).gt(0, wants(what)).max(1, wants(what));

/** One of these. */
const KINDS = {
  slack: hook.describe('An incoming webhook of Slack.'),
  teams: hook.describe('A webhook of Teams, made with Workflows.'),
  discord: hook.describe('A webhook of Discord.'),
  pagerduty: z
    .strictObject({
      routing_key: text('the integration key of a service').describe(
        'The integration key of an Events API v2.',
      ),
      url: safeUrl.default('https://events.pagerduty.com/v2/enqueue').describe('Its address.'),
    })
    .describe('PagerDuty.'),
  opsgenie: z
    .strictObject({
      api_key: text('the key of an API integration').describe('The key of an API integration.'),
      url: safeUrl
        .default('https://api.opsgenie.com')
        .describe('Its address; `https://api.eu.opsgenie.com` in the EU.'),
    })
    .describe('Opsgenie.'),
  email: z
    .strictObject({
      smtp: z
        .string(smtpForm)
        .refine((url) => URL.canParse(url) && /^smtps?:$/.test(new URL(url).protocol), smtpForm)
        .describe('The server, with user and password in it.'),
      from: text('an e-mail address').describe('Who it is from.'),
      to: z
        .array(text('an e-mail address'), wants('a list of e-mail addresses'))
        .min(1)
        .describe('Who gets it.'),
    })
    .describe('E-mail.'),
  webhook: z
    .strictObject({
      url: safeUrl.describe('Where JSON is posted to.'),
      secret: text('a secret').optional().describe('What messages are signed with.'),
      headers: z
        .record(z.string(), z.string(wants('the value of a header')), wants('headers by name'))
        .default({})
        .describe('Sent with it.'),
    })
    .describe('Anything that takes JSON.'),
} as const;

const kindForm = wants(`one of ${Object.keys(KINDS).join(', ')}`);
const destination = z
  .strictObject({
    slack: KINDS.slack.optional(),
    teams: KINDS.teams.optional(),
    discord: KINDS.discord.optional(),
    pagerduty: KINDS.pagerduty.optional(),
    opsgenie: KINDS.opsgenie.optional(),
    email: KINDS.email.optional(),
    webhook: KINDS.webhook.optional(),
  })
  .refine((one) => Object.values(one).filter((value) => value !== undefined).length === 1, kindForm);

const WHEN = [
  'budget',
  'spend',
  'errors',
  'latency',
  'target',
  'sink',
  'store',
  'expiry',
  'hanging',
] as const;

const rule = z.strictObject({
  when: z
    .enum(WHEN)
    .describe(
      'What is watched: `budget` used up, `spend` out of the ordinary, `errors`, `latency`, a `target` that fails, a `sink` or the `store` that fails, the `expiry` of keys, `hanging` requests.',
    ),
  name: name.optional().describe('What it is called; `when` if left out, which only one rule may be.'),
  severity: z.enum(SEVERITIES).default('warning').describe('How bad it is.'),
  to: z
    .array(name, wants('a list of destinations'))
    .optional()
    .describe('Names of destinations; left out, all of them.'),
  for: duration().optional().describe('It must hold for so long before it is told.'),
  share: share('a share above 0, at most 1')
    .optional()
    .describe('`budget`: used, 0.8 if left out. `errors`: of the requests, 0.1 if left out.'),
  forecast: z
    .boolean(flag)
    .optional()
    .describe('`budget`: whether one that will not last, as it goes, is told too. Yes if left out.'),
  factor: z
    .number(wants('a number above 1'))
    .gt(1, wants('a number above 1'))
    .optional()
    .describe('`spend`: so many times what the same hour of the days before cost, 3 if left out.'),
  least_usd: z
    .number(wants('US dollars'))
    .min(0, wants('US dollars'))
    .optional()
    .describe('`spend`: hours that cost less are never told. 1 if left out.'),
  days: integer(1, 28).optional().describe('`spend`: so many days before are looked at, 7 if left out.'),
  time_zone: zoneText
    .optional()
    .describe('`spend`: whose clock says what the same hour of the day is. `UTC` if left out.'),
  above: duration().optional().describe('`latency`: 95 % of requests may take so long, 30s if left out.'),
  longer_than: duration().optional().describe('`hanging`: a request may run for so long, 15m if left out.'),
  before: duration(LONGEST_MS).optional().describe('`expiry`: told so long before, 7d if left out.'),
  least_requests: integer(1, 1_000_000)
    .optional()
    .describe('`errors`, `latency`: fewer requests say nothing. 20 if left out.'),
  window: duration(3_600_000)
    .optional()
    .describe('`errors`, `latency`: over the last so long, 5m if left out.'),
});

/** Who is told when something is wrong. */
export const alertsSection = z.strictObject({
  destinations: z
    .record(name, destination, wants('destinations by name'))
    .default({})
    .describe('Who is told, by name. Each has one of these keys.'),
  rules: z.array(rule, wants('a list of rules')).default([]).describe('What is told.'),
  every: duration(60_000)
    .refine((ms) => ms >= 1_000, wants('a duration from 1s to 1m'))
    .prefault('15s')
    .describe(
      'How often rules are looked at. Of several nodes, another one tells three such times after that which tells is gone.',
    ),
  repeat: duration().default(14_400_000).describe('Told again after that, while it holds.'),
  group: duration().default(30_000).describe('What comes so soon after another goes with it.'),
});

export type ParsedRule = z.output<typeof rule>;
export type ParsedDestination = z.output<typeof destination>;
