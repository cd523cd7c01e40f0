import { z } from 'zod';
import { duration } from '../duration.js';
import { size } from '../size.js';
import { wants } from '../wants.js';
import { mcpAuth } from './mcp-auth.js';
import { tokenScopes } from './mcp-endpoint.js';
import { mcpCounted, mcpTool, toolLimits } from './mcp-tool.js';
import { ruleKeys } from './rules.js';

const urlForm = wants('an http:// or https:// URL without credentials or fragment');
const documentForm = wants('a file, or an http:// or https:// URL');
const headerForm = wants('a header value: text without line breaks');
const commandForm = wants('a command: the name of a program or its path');
const argumentForm = wants('a text');
const variableForm = wants('the name of a variable of the environment');
const toolForm = wants('the name of a tool, "*" stands for any text');

const trueOrFalse = wants('true or false');

/** Where a document is: not a file. */
export function isAddress(text: string): boolean {
  return /^https?:/i.test(text);
}

function isServerUrl(text: string): boolean {
  if (!/^https?:\/\//i.test(text) || /[#\s]/.test(text) || !URL.canParse(text)) return false;
  const url = new URL(text);
  return url.username === '' && url.password === '';
}

const toolNames = z
  .array(z.string(toolForm).min(1, toolForm).max(256, toolForm), wants('a list of tool names'))
  .max(1000)
  .optional();

/** A server whose tools are offered. */
export const mcpServer = z
  .strictObject({
    enabled: z.boolean(trueOrFalse).default(true).describe('`false`: as if it were not there.'),
    command: z
      .string(commandForm)
      .min(1, commandForm)
      .optional()
      .describe('Program to start, which then talks over its standard input and output.'),
    args: z
      .array(z.string(argumentForm), wants('a list of texts'))
      .max(1000)
      .optional()
      .describe('Arguments of the program. What comes from variables is never shown.'),
    env: z
      .record(
        z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, variableForm),
        z.string(argumentForm),
        wants('a mapping of variables to texts'),
      )
      .optional()
      .describe(
        'Environment of the program, beside PATH and HOME; nothing else is passed on. Treated as secrets.',
      ),
    cwd: z
      .string(wants('a folder'))
      .min(1, wants('a folder'))
      .optional()
      .describe(
        'Folder the program starts in; relative paths start at the folder of this file, which is the default.',
      ),
    memory: size(1024 ** 4)
      .optional()
      .describe(
        'Most memory that the program and those it starts may use together; more, and they are ended. Linux only.',
      ),
    url: z
      .string(urlForm)
      .refine(isServerUrl, urlForm)
      .optional()
      .describe('Address of a server that is reached over HTTP.'),
    openapi: z
      .string(documentForm)
      .min(1, documentForm)
      .refine((text) => !isAddress(text) || isServerUrl(text), urlForm)
      .optional()
      .describe(
        'OpenAPI document (3.0 or 3.1, JSON or YAML) of an API whose operations are the tools: a file, relative paths start at the ' +
          'folder of this file, or an http:// or https:// address.',
      ),
    base_url: z
      .string(urlForm)
      .refine(isServerUrl, urlForm)
      .optional()
      .describe(
        'Where the API of `openapi` is; a query in it goes along with every request. Left out: as the document says, which for one that ' +
          'comes from an address must be at the same one.',
      ),
    transport: z
      .enum(['auto', 'http', 'sse'], wants('auto, http or sse'))
      .optional()
      .describe(
        'How it is spoken to at its `url`: `http` is streamable HTTP, `sse` the older HTTP with Server-Sent Events, `auto` tries ' +
          'the first, then the second. Default `auto`.',
      ),
    headers: z
      .record(
        z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, wants('a header name')),
        z.string(headerForm).regex(/^[\t\x20-\x7e\x80-\xff]*$/, headerForm),
        wants('a mapping of header names to values'),
      )
      .optional()
      .describe('Headers sent with every request to it. Treated as secrets.'),
    auth: mcpAuth.optional().describe('What it wants to see of whoever asks it. Left out: `headers` alone.'),
    token_scopes: tokenScopes.describe(
      'Scopes that a token of `auth.jwt` must have for its bearer to use the server, wherever. Keys need none.',
    ),
    start: z
      .enum(['demand', 'boot'], wants('demand or boot'))
      .default('demand')
      .describe(
        '`demand`: at the first list or call that needs it; `boot`: with the gateway, and again when it ends.',
      ),
    timeouts: z
      .strictObject({
        connect: duration()
          .optional()
          .describe('Until it is started and has said what it is. Default `30s`: `npx` may load it first.'),
        call: duration()
          .optional()
          .describe(
            'Longest time of one call; progress that is told does not make it longer. Default `60s`.',
          ),
        list: duration().optional().describe('Longest time until it has listed what it has. Default `15s`.'),
        ping: duration()
          .optional()
          .describe('How often one that is not used is asked if it is there. Default `30s`.'),
        idle: duration()
          .optional()
          .describe('It is stopped when it was not used for so long. Left out: never.'),
      })
      .optional()
      .describe('Limits on time.'),
    list_ttl: duration()
      .prefault('5m')
      .describe(
        'How long its lists are remembered where it says nothing about that; changes that it tells of count at once.',
      ),
    own_connections: z
      .int(wants('a number of connections'))
      .min(0, wants('a number of connections'))
      .max(10_000, wants('a number of connections, at most 10000'))
      .optional()
      .describe(
        'How many sessions at `/mcp` may have a connection (of a program: a process) of their own, which sampling, elicitation, roots, ' +
          'log messages and subscriptions need. Default 16 for programs, 256 for addresses.',
      ),
    result_limit: size(256 * 1024 ** 2)
      .prefault('1mb')
      .describe('Largest result of a call; a larger one is an error.'),
    allowed_tools: toolNames.describe(
      'Tools that are there, with `*` as wildcard. Left out: all that it lists.',
    ),
    denied_tools: toolNames.describe('Tools that are not there, whatever `allowed_tools` says.'),
    tools: z
      .record(
        z.string(toolForm).min(1, toolForm).max(256, toolForm),
        mcpTool,
        wants('a mapping of tool names'),
      )
      .default({})
      .describe('What is said of single tools; `*` is for all that are not named.'),
    prompts: mcpCounted.optional().describe('What is said of getting its prompts at `/mcp`.'),
    resources: mcpCounted.optional().describe('What is said of reading its resources at `/mcp`.'),
    limits: toolLimits.optional().describe('How often its tools may be called, by all callers together.'),
    budgets: ruleKeys.budgets.describe('What may be spent on its tools, by all callers together.'),
  })
  .refine(
    ({ command, url, openapi }) => [command, url, openapi].filter((one) => one !== undefined).length === 1,
    wants('one of "command", "url" and "openapi"'),
  )
  .refine(
    ({ command, args, env, cwd, memory }) =>
      command !== undefined || [args, env, cwd, memory].every((one) => one === undefined),
    wants('"args", "env", "cwd" and "memory" only beside "command"'),
  )
  .refine(
    ({ command, url, transport, headers, auth }) =>
      (url !== undefined || transport === undefined) &&
      (command === undefined || (headers === undefined && auth === undefined)),
    wants('"transport" only beside "url", "headers" and "auth" only beside "url" or "openapi"'),
  )
  .refine(
    ({ openapi, base_url: base }) => openapi !== undefined || base === undefined,
    wants('"base_url" only beside "openapi"'),
  )
  .refine(
    ({ openapi, base_url: base, auth }) => openapi === undefined || base !== undefined || auth === undefined,
    wants('"base_url" beside "openapi" and "auth", so that no document says where credentials go'),
  );

export type ParsedMcpServer = z.output<typeof mcpServer>;
