import { z } from 'zod';
import { duration } from '../duration.js';
import { integer } from '../integer.js';
import { size } from '../size.js';
import { wants } from '../wants.js';

const shareForm = wants('a share from 0 to 1');
const share = z.number(shareForm).min(0, shareForm).max(1, shareForm);
const names = z.array(z.string(), wants('a list of names')).min(1, wants('a list of names')).optional();
const moneyForm = wants('an amount in US dollars above 0 and at most 1000000');

const rule = z.strictObject({
  keys: names.describe('Names of virtual keys; a `*` at the end stands for anything. So with the others.'),
  models: names.describe('Public model names.'),
  teams: names.describe('Teams.'),
  metadata: z
    .record(
      z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/, wants('the name of a field of x-headgate-metadata')),
      z.array(z.string(), wants('a list of values')).min(1, wants('a list of values')),
      wants('lists of values by the name of the field'),
    )
    .optional()
    .describe('Values of fields of `x-headgate-metadata`, by their names.'),
  share: share.describe('Of requests that all of these fit.'),
});

/** Which requests a sink is told of. */
export const sampleSection = z.strictObject({
  share: share.default(1).describe('Share of the traces, 0 to 1; all requests of a trace are in it or none.'),
  rules: z
    .array(rule, wants('a list of rules'))
    .default([])
    .describe('Other shares for some requests; the first that fits counts.'),
  follow_parent: z
    .boolean(wants('true or false'))
    .default(false)
    .describe(
      'Where the client sent a `traceparent`, its flag says whether the request is told, in place of the share.',
    ),
  keep_errors: z
    .boolean(wants('true or false'))
    .default(true)
    .describe('Requests that failed are told whatever the share.'),
  keep_slower: duration().optional().describe('So are those that took as long as that, or longer.'),
  keep_costlier: z
    .number(moneyForm)
    .gt(0, moneyForm)
    .max(1_000_000, moneyForm)
    .optional()
    .describe('So are those that cost so much, US dollars, or more.'),
});

/** How records go to somebody, whoever it is. */
export const deliveryKeys = {
  sample: sampleSection.prefault({}).describe('Which requests it is told of.'),
  batch: z
    .strictObject({
      records: integer(1, 10_000)
        .optional()
        .describe('Most records of one delivery. Left out: what suits it.'),
      wait: duration(600_000)
        .optional()
        .describe('Longest time that a record waits for others. Left out: what suits it.'),
    })
    .prefault({})
    .describe('How records are gathered for a delivery.'),
  spool: size(1024 ** 4)
    .prefault('1gb')
    .describe(
      'Most that waits for it on disk while it is away; beyond it the oldest records are dropped and counted.',
    ),
};

const nameForm = wants('a name: small letters, digits, "_" and "-", at most 64');
const useForm = wants('the name of a sink, see docs/sinks.md');

/** One that is told of settled requests; what it asks for itself stands beside these keys. */
export const sinkSection = z.looseObject({
  use: z.string(useForm).min(1, useForm).describe('Who is told: the name of a sink in docs/sinks.md.'),
  name: z
    .string(nameForm)
    .regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, nameForm)
    .optional()
    .describe('Its name in logs and metrics, where one is used twice. Left out: that of `use`.'),
  enabled: z.boolean(wants('true or false')).default(true).describe('Whether it is told anything.'),
  content: z
    .boolean(wants('true or false'))
    .default(false)
    .describe(
      'It is told prompts and answers, too: those that `observability.log_bodies` keeps, as they are kept.',
    ),
  ...deliveryKeys,
  timeout: duration(300_000).prefault('15s').describe('How long it may take to answer.'),
});

export type ParsedSink = z.output<typeof sinkSection>;
export type ParsedSampling = z.output<typeof sampleSection>;
