import { z } from 'zod';
import { duration, LONGEST_MS } from '../duration.js';
import { ONCE } from '../once.js';
import { size } from '../size.js';
import { wants } from '../wants.js';

const flag = wants('true or false');
const text = wants('a text');
const list = (what: string) => z.array(z.string(wants(what)).min(1, wants(what)), wants(`a list: ${what}`));
const shareForm = wants('a share from 0 to 1, such as 0.1');

/** `messages.*.content`: names and positions of members, `*` for any. */
const PATH = /^[^.\s][^.]*(\.[^.]+)*$/;
const pathForm = wants('a path such as messages.*.content');

/** RE2 knows neither; the rest it shares with the language's own expressions. */
function isLinear(pattern: string): boolean {
  if (/\(\?(?:[=!]|<[=!])|\\[1-9]|\\k</.test(pattern)) return false;
  try {
    new RegExp(pattern);
    return true;
  } catch {
    return false;
  }
}

const redactSection = z
  .strictObject({
    path: z
      .string(pathForm)
      .regex(PATH, pathForm)
      .optional()
      .describe('Members of the JSON; `*` is any name or position.'),
    pattern: z
      .string(text)
      .min(1, text)
      .max(1000, wants('at most 1000 characters'))
      .refine(isLinear, wants('a regular expression without look-around and back references'))
      .optional()
      .describe('A regular expression as RE2 knows it, in every text.'),
    with: z
      .string(text)
      .max(100, wants('at most 100 characters'))
      .default('***')
      .describe('What stands there instead.'),
  })
  .refine(
    ({ path, pattern }) => (path === undefined) !== (pattern === undefined),
    wants('a path or a pattern'),
  );

const s3Section = z.strictObject({
  bucket: z
    .string(text)
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, wants('the name of a bucket'))
    .describe('Its name.'),
  region: z.string(text).min(1, text).default('us-east-1').describe('Where it is.'),
  endpoint: z
    .url(wants('an http:// or https:// URL'))
    .optional()
    .describe('Of storage that is not AWS; the bucket stands in the path then.'),
  prefix: z.string(text).default('headgate/').describe('What the names of objects begin with.'),
  access_key_id: z.string(text).min(1, text).describe('Who asks.'),
  secret_access_key: z.string(text).min(1, text).describe('What requests are signed with.'),
});

const bodiesSection = z.strictObject({
  share: z
    .number(shareForm)
    .min(0, shareForm)
    .max(1, shareForm)
    .default(1)
    .describe('Of the requests that the rest lets through.'),
  keys: list('ids or names of keys')
    .default(['*'])
    .describe('Of these keys alone; `*` is any text, `""` none.'),
  models: list('public names of models').default(['*']).describe('To these models alone.'),
  max_bytes: size(16 * 1024 * 1024)
    .default(64 * 1024)
    .describe('Most of a request, and of an answer, that is kept.'),
  secrets: z.boolean(flag).default(true).describe('Take out what looks like a secret.'),
  redact: z.array(redactSection, wants('a list of rules')).default([]).describe('What else is taken out.'),
  folder: z.string(text).min(1, text).optional().describe('Keep them in files here instead of in the store.'),
  s3: s3Section.optional().describe('Keep them in S3, or something like it, instead of in the store.'),
  earlier_s3: z
    .array(s3Section, wants('a list of storages'))
    .default([])
    .describe('Storages that they were kept in before: they are read, and deleted in time, there.'),
  keep: duration(LONGEST_MS)
    .default(30 * 86_400_000)
    .describe('How long.'),
  max_size: size(Number.MAX_SAFE_INTEGER)
    .default(5 * 1024 ** 3)
    .describe('Most of all of them together; the oldest go first.'),
});

/** What is kept of requests and answers themselves. */
export const logBodiesSection = z
  .union([z.boolean(flag), bodiesSection], wants('true, false or a mapping'))
  .transform((given) => ({
    on: given !== false,
    ...(typeof given === 'boolean' ? bodiesSection.parse({}, ONCE) : given),
  }));
