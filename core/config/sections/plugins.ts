import { z } from 'zod';
import { duration } from '../duration.js';
import { integer } from '../integer.js';
import { wants } from '../wants.js';

const useForm = wants('the name of a plugin or the path of its module');

/** One plugin; the file, the admin API and its OpenAPI document have the same one. */
export const pluginSchema = z.strictObject({
  use: z
    .string(useForm)
    .min(1, useForm)
    .describe(
      'A built-in plugin such as `guardrails/pii`, or a module; relative paths start at the folder of this file.',
    ),
  name: z
    .string(wants('a name'))
    .min(1, wants('a name'))
    .optional()
    .describe('Name in logs when one plugin is used twice.'),
  config: z
    .record(z.string(), z.unknown(), wants('a mapping'))
    .default({})
    .describe('Passed to the plugin, which checks it with its own schema.'),
  order: integer(-1000, 1000)
    .optional()
    .describe('Lower runs earlier; plugins of the same order run as listed.'),
  on_failure: z
    .enum(['open', 'closed'])
    .optional()
    .describe(
      'When the plugin fails: `open` goes on without it, `closed` refuses the request. Left out: as the plugin says.',
    ),
  timeout: duration()
    .optional()
    .describe('Longest time one call of the plugin may take. Left out: as the plugin says.'),
  isolate: z
    .boolean(wants('true or false'))
    .default(false)
    .describe('Run it in a process of its own. Not supported by this version yet.'),
});

/** What runs on the requests, in order. */
export const pluginsSection = z.array(pluginSchema, wants('a list of plugins, each with "use"')).default([]);

export type ParsedPlugin = z.output<typeof pluginSchema>;
