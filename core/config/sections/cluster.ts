import { z } from 'zod';
import { wants } from '../wants.js';

const form = wants('redis://USER:PASSWORD@HOST:PORT/DATABASE, or rediss:// for TLS');
export const redisUrl = z
  .string(form)
  .regex(/^rediss?:\/\//, form)
  .refine((url) => URL.canParse(url) && new URL(url).hostname !== '', form);

const addressForm = wants('http://HOST:PORT or https://HOST:PORT, without a path');

/** Several nodes as one gateway. */
export const clusterSection = z.strictObject({
  redis: z
    .union(
      [
        redisUrl,
        z.strictObject({
          nodes: z
            .array(redisUrl)
            .min(1)
            .optional()
            .describe(
              'Some nodes of a Redis cluster, which know the others. User and password of the first count for all.',
            ),
          sentinels: z
            .array(redisUrl)
            .min(1)
            .optional()
            .describe(
              'Sentinels, usually at port 26379. User and password of the first are those of the servers that they watch.',
            ),
          master: z
            .string()
            .min(1)
            .optional()
            .describe('What the sentinels call the servers. Left out: `mymaster`.'),
        }),
      ],
      wants(
        'an address such as redis://127.0.0.1:6379, or { nodes: [ … ] }, or { sentinels: [ … ], master: … }',
      ),
    )
    .optional()
    .describe(
      'Redis or Valkey, 6 or newer: one server (`redis://…`, `rediss://…`), a cluster (`nodes`) or sentinels. ' +
        'HEADGATE_REDIS_URL names one server in place of this.',
    ),
  policy: z
    .enum(['local-share', 'closed', 'open'], wants('"local-share", "closed" or "open"'))
    .default('local-share')
    .describe(
      'What becomes of limits and budgets while Redis does not answer. `local-share`: each node may use its equal part of what is left. ' +
        '`closed`: requests that need more than the node holds are answered with 503. `open`: each node counts by itself.',
    ),
  address: z
    .string(addressForm)
    .regex(/^https?:\/\/[^/\s?#@]+\/?$/i, addressForm)
    .optional()
    .describe(
      'Where the other nodes reach this one, for sessions of MCP clients. Left out: as it listens, or the first address of the machine ' +
        'where it listens on all; with TLS they do not reach it then.',
    ),
  name: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/, wants('up to 64 letters, digits, ".", "_" and "-"'))
    .default('headgate')
    .describe('What keys in Redis begin with. Clusters that share one Redis have different names.'),
});
