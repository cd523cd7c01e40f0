import { z } from 'zod';
import { parseServerUrlRules } from '../server-url-rules.js';
import { wants } from '../wants.js';

const commandForm = wants('a command: the name of a program or its path');
const patternForm = wants('a text; "*" stands for any text');
const variableForm = wants('the name of a variable of the environment');

const allowedCommand = z.strictObject({
  command: z.string(commandForm).min(1, commandForm).max(4096, commandForm).describe('Exactly this one.'),
  args: z
    .array(z.string(patternForm).max(4096, patternForm), wants('a list of texts'))
    .max(1000)
    .default([])
    .describe(
      'As many arguments, each the same; `*` stands for any text in one of them, but not for one that leads out of a folder (`..`).',
    ),
  env: z
    .array(
      z.string(variableForm).regex(/^[A-Za-z_][A-Za-z0-9_]*$/, variableForm),
      wants('a list of variables'),
    )
    .max(1000)
    .default([])
    .describe('Variables that may be set for it, to anything.'),
  cwd: z
    .string(patternForm)
    .min(1, patternForm)
    .max(4096, patternForm)
    .optional()
    .describe('Folders it may be started in, as `args`. Left out: that of this file alone.'),
});

const hostForm = wants('hosts such as mcp.example.com, *.example.com, * or 10.0.0.0/8');

/** What `mcp` says of what others than this file may bring in. */
export const grantKeys = {
  allow_commands: z
    .array(allowedCommand, wants('a list of commands'))
    .max(1000)
    .default([])
    .describe(
      'Programs that servers made through the admin API may start. Left out: none, so that programs come from this file alone.',
    ),
  allow_server_url: z
    .array(z.string(hostForm).max(256, hostForm), hostForm)
    .min(1, hostForm)
    .max(1000)
    .refine((texts) => parseServerUrlRules(texts) !== null, hostForm)
    .optional()
    .describe(
      'Hosts of MCP servers that requests may name by their address (`server_url`). `*.example.com` and `*` are hosts with a public address and ' +
        'TLS; a host or network that is named may be private. Left out: none.',
    ),
};

export type AllowedCommand = z.output<typeof allowedCommand>;
