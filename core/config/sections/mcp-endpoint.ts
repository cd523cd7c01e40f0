import { z } from 'zod';
import { duration } from '../duration.js';
import { size } from '../size.js';
import { wants } from '../wants.js';

/** `server/tool`, or `server/tool as other_name`. */
export const TOOL_PLACE = /^([a-z0-9][a-z0-9_-]{0,63})\/(\S{1,256})(?: as ([A-Za-z0-9_.-]{1,128}))?$/;

const idForm = wants('a server id: small letters, digits, "_" and "-", at most 64');
const originForm = wants('an origin such as https://app.example.com');
const hostForm = wants('a host name without port');
const placeForm = wants(
  'a tool of a server such as files/read_file, which may be followed by " as other_name"',
);

const audience = z.string(wants('an audience')).min(1, wants('an audience')).max(500, wants('an audience'));
const scopeForm = wants('a scope: no spaces, no quotes');

/** What tokens must have, for a way or for a server. */
export const tokenScopes = z
  .array(z.string(scopeForm).regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/, scopeForm), wants('a list of scopes'))
  .max(100)
  .optional();

const virtualTool = z.string(placeForm).regex(TOOL_PLACE, placeForm);

export const virtualServerSchema = z
  .strictObject({
    description: z
      .string(wants('a text'))
      .max(10_000, wants('a text of at most 10000 characters'))
      .optional()
      .describe('What clients are told of it as instructions.'),
    tools: z
      .array(
        z.union(
          [
            virtualTool,
            z.strictObject({
              tool: virtualTool.describe('The tool, and after " as " its other name.'),
              description: z
                .string(wants('a text'))
                .min(1, wants('a text'))
                .max(10_000, wants('a text of at most 10000 characters'))
                .optional()
                .describe('What clients are told of it in place of what its server says.'),
            }),
          ],
          placeForm,
        ),
        wants('a list of tools'),
      )
      .min(1, wants('at least one tool'))
      .max(1000, wants('at most 1000 tools'))
      .optional()
      .describe('Its tools, each as `server/tool`, or `server/tool as other_name`.'),
    code: z
      .array(z.string(idForm).regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, idForm), wants('a list of server ids'))
      .min(1, wants('at least one server id'))
      .max(100)
      .optional()
      .describe(
        'In place of `tools`, ids of servers: clients have three tools, to find the tools of these, to read their signatures, and to run programs that call them.',
      ),
  })
  .refine(
    ({ tools, code }) => (tools === undefined) !== (code === undefined),
    wants('either "tools" or "code"'),
  );

/** What `mcp` says of the gateway as a server itself. */
export const endpointKeys = {
  virtual: z
    .record(
      z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, idForm),
      virtualServerSchema,
      wants('a mapping of server ids'),
    )
    .default({})
    .describe('Servers at `/mcp/<id>` that are made of tools of others.'),
  token_audience: z
    .union(
      [audience, z.array(audience).min(1)],
      wants('what tokens must be for, such as https://gateway.example.com/mcp, or a list of that'),
    )
    .optional()
    .describe(
      'What tokens of `auth.jwt` must be for (`aud`) to be taken at `/mcp`, one of these. Left out: as for everything else, `audience` of the issuer.',
    ),
  token_scopes: tokenScopes.describe('Scopes that tokens of `auth.jwt` must have at `/mcp`. Keys need none.'),
  public_url: z
    .string(wants('an https:// or http:// URL without path'))
    .regex(/^https?:\/\/[^/\s?#]+\/?$/i, wants('an https:// or http:// URL without path'))
    .optional()
    .describe(
      'Where clients reach the gateway, for what `/mcp` tells them of tokens (`auth.jwt`). Left out: as each client calls it, which is ' +
        'wrong behind a proxy that ends TLS.',
    ),
  allowed_hosts: z
    .array(z.string(hostForm).regex(/^[A-Za-z0-9.[\]:-]+$/, hostForm), wants('a list of host names'))
    .max(1000)
    .optional()
    .describe(
      'Names at which `/mcp` answers, against web pages that give their own name this address. Left out: on a loopback address its ' +
        'names alone, elsewhere any.',
    ),
  allowed_origins: z
    .array(z.string(originForm).regex(/^https?:\/\/[^/\s?#]+$/i, originForm), wants('a list of origins'))
    .max(1000)
    .default([])
    .describe('Origins of web pages that may use `/mcp`, beside pages of the gateway itself.'),
  sessions: z
    .strictObject({
      idle: duration()
        .optional()
        .describe('A session at `/mcp` that is not used for so long is forgotten. Default `30m`.'),
      resume: duration()
        .optional()
        .describe(
          'A client whose connection broke off while it waited for an answer may come back for it for so long (`last-event-id`); then the ' +
            'call is stopped. Default `10s`.',
        ),
      replay: size(64 * 1024 ** 2)
        .optional()
        .describe('How much of what was sent in one session is kept for that, the latest. Default `256kb`.'),
      max: z
        .int(wants('a number of sessions'))
        .min(1, wants('a number of sessions, at least 1'))
        .max(1_000_000, wants('a number of sessions, at most 1000000'))
        .optional()
        .describe(
          'Most sessions at a time; one more takes the place of the one that was not used for longest. Default 10000.',
        ),
    })
    .optional()
    .describe('Sessions of clients at `/mcp`.'),
};
