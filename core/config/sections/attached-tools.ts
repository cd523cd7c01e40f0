import { z } from 'zod';
import { wants } from '../wants.js';

const namesForm = wants('a list of server ids');
const toolsForm = wants('a list of tools as server/tool, "*" stands for any text');

/** Tools of servers that are added to requests, of a model or of a key. */
export const attachedToolsSection = z.strictObject({
  servers: z
    .array(z.string(namesForm).min(1, namesForm).max(64, namesForm), namesForm)
    .min(1, wants('at least one server id'))
    .max(100)
    .describe('Ids of the servers whose tools are added.'),
  tools: z
    .array(z.string(toolsForm).min(1, toolsForm).max(321, toolsForm), toolsForm)
    .max(1000)
    .optional()
    .describe('Only these of their tools, as `server/tool`, with `*` as wildcard. Left out: all.'),
  mode: z
    .enum(['return', 'agent'], wants('return or agent'))
    .default('return')
    .describe(
      '`return`: the client gets the calls that the model makes; `agent`: the gateway runs them and asks the model again until it ' +
        'answers.',
    ),
  select: z
    .enum(['all', 'search', 'code'], wants('all, search or code'))
    .default('all')
    .describe(
      'Which of these tools the model is told of: `all` of them; by `search` those that fit the conversation (`mcp.search`); with `code` three ' +
        'tools instead, to find others and to write programs that call them, which the gateway runs (`mode` is `agent` then; `mcp.code`).',
    ),
});

export type ParsedAttachedTools = z.output<typeof attachedToolsSection>;
