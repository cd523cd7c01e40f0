import { z } from 'zod';
import { duration } from '../duration.js';
import { wants } from '../wants.js';
import { deliveryKeys } from './sinks.js';

const urlForm = wants('an http:// or https:// URL of a collector, such as http://127.0.0.1:4318');

function isCollector(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && new URL(text).hash === '';
}

/** A collector that is told over OTLP. */
export const otlpSection = z.strictObject({
  url: z
    .string(urlForm)
    .refine(isCollector, urlForm)
    .describe('Its address for OTLP over HTTP; `/v1/metrics` and `/v1/traces` are added.'),
  headers: z
    .record(z.string(), z.string(wants('the value of a header')), wants('headers by name'))
    .default({})
    .describe('Sent with everything, such as a key of the collector.'),
  metrics: z.boolean(wants('true or false')).default(true).describe('Push all metrics to it.'),
  traces: z
    .boolean(wants('true or false'))
    .default(true)
    .describe('Tell it of every settled request as a trace, see docs/tracing.md.'),
  ...deliveryKeys,
  interval: duration().default(60_000).describe('How often metrics are pushed.'),
  timeout: duration().default(10_000).describe('How long it may take to answer.'),
});
