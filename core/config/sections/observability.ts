import { z } from 'zod';
import { LINE_LEVELS } from '../../observe/line-level.js';
import { LOG_FORMATS } from '../../observe/log-line.js';
import {
  isCaller,
  METRIC_LABELS,
  type MetricLabel,
  shownName,
  USUAL_LABELS,
  USUAL_METRICS,
} from '../../observe/metric-labels.js';
import { TRACE_WORDS } from '../../own-trace.js';
import { integer } from '../integer.js';
import { wants } from '../wants.js';
import { logBodiesSection } from './log-bodies.js';
import { otlpSection } from './otlp.js';
import { sinkSection } from './sinks.js';

const flag = wants('true or false');

/** Name of a field of `x-headgate-metadata` that may be kept. */
const FIELD = /^[A-Za-z0-9_.-]{1,64}$/;

const labelForm = wants(
  `one of ${METRIC_LABELS.join(', ')}, or metadata. and a field of x-headgate-metadata`,
);
const label = z.union(
  [z.enum(METRIC_LABELS), z.templateLiteral(['metadata.', z.string().regex(FIELD)])],
  labelForm,
);

function distinct(labels: readonly MetricLabel[]): boolean {
  return new Set(labels.map(shownName)).size === labels.length;
}
const distinctForm = wants('labels of which no two are called the same');

const prometheusSection = z.strictObject({
  labels: z
    .array(label, wants('a list of labels'))
    .refine(distinct, distinctForm)
    .default([...USUAL_LABELS])
    .describe('Labels of requests, tokens, cost and times, as far as each of them knows them.'),
  time_labels: z
    .array(label, wants('a list of labels'))
    .refine((labels) => labels.every(isCaller), wants('labels of callers, which places of requests are not'))
    .refine(distinct, distinctForm)
    .default([])
    .describe('Labels of callers that times are told by as well, each of which makes many series.'),
  max_series: integer(1, 1_000_000)
    .default(USUAL_METRICS.maxSeries)
    .describe('Most sets of labels; beyond it callers are counted as `other`.'),
  max_times: integer(1, 100_000)
    .default(USUAL_METRICS.maxTimes)
    .describe('The same for the times of callers, each of which has some fifty series.'),
  litellm_names: z
    .boolean(flag)
    .default(false)
    .describe('The same numbers under the names of LiteLLM too, for dashboards that were made for it.'),
});

/** What the gateway tells about itself. */
export const observabilitySection = z.strictObject({
  prometheus: z
    .union([z.boolean(flag), prometheusSection], wants('true, false or a mapping'))
    .default(true)
    .describe('Serve metrics at `/metrics`; a mapping says by which labels.'),
  metadata: z
    .array(
      z.string().regex(FIELD, wants('the name of a field, of letters, digits, "_", "." and "-"')),
      wants('a list of names'),
    )
    .max(16, wants('16 names at most'))
    .default([])
    .describe(
      'Fields of `x-headgate-metadata` that are kept with requests; those that are labels of metrics are anyway.',
    ),
  trace_headers: z
    .enum(TRACE_WORDS)
    .default('pass')
    .describe(
      'What models are asked with: `pass`, the `traceparent` and `tracestate` of the client as they came; `own`, with the span of the attempt; `off`, neither.',
    ),
  log_level: z
    .enum([...LINE_LEVELS, 'silent'])
    .default('info')
    .describe('Least severe log line written. HEADGATE_LOG_LEVEL sets it too.'),
  log_format: z
    .enum(LOG_FORMATS)
    .default('json')
    .describe('`json`, one line each, or `pretty` for people. HEADGATE_LOG_FORMAT sets it too.'),
  log_requests: z.boolean(flag).default(true).describe('Write one log line a request, without its contents.'),
  log_bodies: logBodiesSection
    .prefault(false)
    .describe(
      'Keep requests and answers themselves, redacted; a mapping says whose, how much, where and how long.',
    ),
  otlp: z
    .array(otlpSection, wants('a list of collectors'))
    .default([])
    .describe('Collectors that are told over OTLP.'),
  sinks: z
    .array(sinkSection, wants('a list of sinks, each with "use"'))
    .default([])
    .describe('Who is told of settled requests, see docs/sinks.md.'),
});
