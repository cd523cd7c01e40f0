import { z } from 'zod';
import { duration } from '../duration.js';
import { integer } from '../integer.js';
import { size } from '../size.js';
import { wants } from '../wants.js';
import { endpointKeys } from './mcp-endpoint.js';
import { grantKeys } from './mcp-grants.js';
import { mcpServer } from './mcp-server.js';

const idForm = wants('a server id: small letters, digits, "_" and "-", at most 64');
/** What a server is called. */
export const mcpServerId = z.string(idForm).regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, idForm);

const moneyForm = wants('an amount in US dollars above 0 and at most 1000000');

const runs = z.strictObject({
  rounds: integer(1, 1000).default(10).describe('How often a model is asked in one run.'),
  timeout: duration().prefault('5m').describe('Longest time of a run.'),
  parallel: integer(1, 100).default(8).describe('Calls of one run at once.'),
  result_limit: size(16 * 1024 ** 2)
    .prefault('100kb')
    .describe('How much of one result the model is told; the rest is cut off, and it is told so.'),
  usd: z
    .number(moneyForm)
    .gt(0, moneyForm)
    .max(1_000_000, moneyForm)
    .optional()
    .describe('After so much, US dollars, the model is not asked again. Left out: what budgets allow.'),
});

const code = z.strictObject({
  cpu: duration().prefault('5s').describe('Longest time that a program may work by itself.'),
  timeout: duration()
    .prefault('60s')
    .describe('Longest time until it has ended, with all that it waits for.'),
  memory: size(1024 ** 3)
    .prefault('64mb')
    .describe('Most memory of a program.'),
  output: integer(100, 1_000_000)
    .default(20_000)
    .describe(
      'Characters of its result that the model is told, and of what it says on its console; the rest is cut off.',
    ),
  calls: integer(1, 10_000).default(200).describe('How many calls one program may make.'),
  parallel: integer(1, 100).default(8).describe('How many of them at once.'),
});

const modelForm = wants('a model of this gateway, or provider/model');
const toolsForm = wants('a list of tools as server/tool, "*" stands for any text');

const search = z.strictObject({
  tools: integer(1, 200)
    .default(8)
    .describe('How many tools one message of a user brings, and one search of the model finds.'),
  always: z
    .array(z.string(toolsForm).min(1, toolsForm).max(321, toolsForm), toolsForm)
    .max(1000)
    .default([])
    .describe('Tools that are always told, as `server/tool`, with `*` as wildcard.'),
  embedding_model: z
    .string(modelForm)
    .min(1, modelForm)
    .max(256, modelForm)
    .optional()
    .describe(
      'Model that says what texts are about, so that tools are found whose words are others. It is asked for the caller. Left out: by words alone.',
    ),
});

/** Tools of others. */
export const mcpSection = z.strictObject({
  servers: z
    .record(mcpServerId, mcpServer, wants('a mapping of server ids'))
    .default({})
    .describe('Servers whose tools are offered, by id.'),
  ...grantKeys,
  ...endpointKeys,
  search: search.prefault({}).describe('How tools are found, for `select: search` of models and keys.'),
  code: code
    .prefault({})
    .describe('Limits of programs that models write, for `select: code` of models and keys.'),
  runs: runs.prefault({}).describe('Limits of runs, in which the gateway calls tools for a model.'),
});

export type ParsedMcp = z.output<typeof mcpSection>;
