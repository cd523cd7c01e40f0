import { z } from 'zod';
import { wants } from '../wants.js';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const flag = wants('true or false');

/** What the gateway tells about itself. */
export const observabilitySection = z.strictObject({
  prometheus: z.boolean(flag).default(true).describe('Serve metrics at `/metrics`.'),
  log_level: z
    .enum(LOG_LEVELS)
    .default('info')
    .describe('Least severe log line written. HEADGATE_LOG_LEVEL sets it too.'),
  log_requests: z.boolean(flag).default(true).describe('Write one log line a request, without its contents.'),
  log_bodies: z
    .boolean(flag)
    .default(false)
    .describe('Keep prompts and answers in the records. Not supported by this version yet.'),
  otlp: z.unknown().optional().describe('Traces over OTLP. Not supported by this version yet.'),
  sinks: z
    .unknown()
    .optional()
    .describe('Where settled records are sent. Not supported by this version yet.'),
});
