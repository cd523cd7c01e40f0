import { z } from 'zod';
import { duration } from '../duration.js';
import { wants } from '../wants.js';
import { safeUrl } from './oidc.js';

const text = (what: string) => z.string(wants(what)).min(1, wants(what)).max(2000, wants(what));
const nameForm = wants('the name of a header that is not one of HTTP or of the gateway itself');
const valueForm = wants('a header value: text without line breaks');
const ownerForm = wants(
  'whose it is, such as user:ada, team:research, customer:acme, organization:acme or key:ci',
);
const scope = text('a scope').regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, wants('a scope: no spaces, no quotes'));
const regionForm = wants('a region of AWS such as eu-central-1');
const serviceForm = wants('the name of a service that AWS signs for, such as bedrock-agentcore');

/** What connections, bodies and the protocol itself need, and whatever says who somebody is at the gateway. */
const TAKEN =
  /^(host|connection|content-.*|transfer-encoding|te|trailer|upgrade|keep-alive|proxy-.*|accept|accept-encoding|expect|mcp-.*|last-event-id)$/;
const GATEWAY = /^(authorization|cookie|x-api-key|api-key|x-goog-api-key|x-headgate-.*)$/;

const headerName = z
  .string(nameForm)
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, nameForm)
  .refine((name) => !TAKEN.test(name.toLowerCase()), nameForm);
const incoming = headerName.refine(
  (name) => !GATEWAY.test(name.toLowerCase()),
  wants('a header that does not say who the caller is at the gateway'),
);
const headerValue = z.string(valueForm).regex(/^[\t\x20-\x7e\x80-\xff]*$/, valueForm);

/** Which keys there are beside `type`, by it. */
const KEYS = {
  none: [],
  header: ['name', 'value'],
  user_header: ['name', 'prefix', 'per', 'values', 'self_service'],
  forward: ['forward'],
  oauth: ['per', 'client_id', 'client_secret', 'issuer', 'scopes', 'resource'],
  client_credentials: ['client_id', 'client_secret', 'issuer', 'token_url', 'scopes', 'resource', 'audience'],
  token_exchange: [
    'client_id',
    'client_secret',
    'issuer',
    'token_url',
    'scopes',
    'resource',
    'audience',
    'subject_token_type',
    'requested_token_type',
  ],
  sigv4: ['service', 'region', 'key'],
} as const;

const NEEDED: Partial<Record<keyof typeof KEYS, readonly string[]>> = {
  header: ['value'],
  forward: ['forward'],
  client_credentials: ['client_id', 'client_secret'],
  token_exchange: ['client_id'],
  sigv4: ['service', 'region'],
};

const types = Object.keys(KEYS) as (keyof typeof KEYS)[];
const ofUsers = ['user_header', 'forward', 'oauth', 'token_exchange'];

/** What a server at an address wants to see of whoever asks it. */
export const mcpAuth = z
  .strictObject({
    type: z
      .enum(types, wants(`one of ${types.join(', ')}`))
      .describe(
        '`none`; `header`: one for all; `user_header`: another one for each user; `forward`: headers of the request itself; ' +
          '`oauth`: each user signs in there; `client_credentials`: a token that the gateway gets for itself; `token_exchange`: the token of the caller (`auth.jwt`) is ' +
          'exchanged for one of the server; `sigv4`: signed for AWS.',
      ),
    name: headerName
      .optional()
      .describe('Of `header` and `user_header`: the header. Default `authorization`.'),
    value: headerValue.optional().describe('Of `header`: what is sent. Treated as a secret.'),
    prefix: headerValue
      .optional()
      .describe(
        'Of `user_header`: what stands before the value. Default `Bearer ` in `authorization`, else nothing.',
      ),
    per: z
      .enum(['user', 'team', 'organization', 'key'], wants('user, team, organization or key'))
      .optional()
      .describe(
        'Of `user_header` and `oauth`: who has a credential of their own. Default `user`; a key that belongs to nobody has its own.',
      ),
    values: z
      .record(
        z.string().regex(/^(user|team|customer|organization|key):\S{1,256}$/, ownerForm),
        headerValue.min(1, valueForm),
        wants('a mapping of users, teams, customers, organizations or keys to values'),
      )
      .optional()
      .describe(
        'Of `user_header`: values that are known, by `user:ID`, `team:ID`, `customer:ID`, `organization:ID` or `key:ID`. Treated as secrets.',
      ),
    self_service: z
      .boolean(wants('true or false'))
      .optional()
      .describe(
        'Of `user_header`: users may set a value themselves (`/api/me/mcp/<server>/credential`). Default `true`.',
      ),
    forward: z
      .array(
        z.union(
          [
            incoming,
            z.strictObject({
              from: incoming.describe('The header of the request.'),
              to: headerName.optional().describe('What it is called there. Left out: the same.'),
              prefix: headerValue.optional().describe('What is put before its value.'),
            }),
          ],
          wants(
            'a header, or a mapping with from, to and prefix; not one that says who the caller is at the gateway',
          ),
        ),
        wants('a list of headers'),
      )
      .min(1, wants('at least one header'))
      .max(50)
      .optional()
      .describe(
        'Of `forward`: headers that are passed on, if the request has them; it must have one of them.',
      ),
    client_id: text('the id of a client')
      .optional()
      .describe(
        'Of this gateway at the authorization server. Left out with `oauth`: it registers itself there.',
      ),
    client_secret: text('the secret of a client').optional().describe('Its secret. Left out: it has none.'),
    issuer: safeUrl
      .optional()
      .describe(
        'The authorization server. Left out: the one that the server names, if it is a public address.',
      ),
    token_url: safeUrl
      .optional()
      .describe('Where tokens are given, for an authorization server that does not describe itself.'),
    scopes: z
      .array(scope, wants('a list of scopes'))
      .max(100)
      .optional()
      .describe('What is asked for. Left out: what the server says.'),
    resource: z
      .string(wants('a URI'))
      .refine((uri) => URL.canParse(uri) && !uri.includes('#'), wants('an absolute URI without fragment'))
      .optional()
      .describe('What tokens are for (RFC 8707). Left out: as the server says, else its address.'),
    audience: text('an audience')
      .optional()
      .describe('The same by another name, which some authorization servers want.'),
    subject_token_type: text('a type of tokens')
      .optional()
      .describe(
        'Of `token_exchange`: what the token of the caller is. Default `urn:ietf:params:oauth:token-type:access_token`.',
      ),
    requested_token_type: text('a type of tokens')
      .optional()
      .describe('Of `token_exchange`: what is wanted for it.'),
    service: z
      .string(serviceForm)
      .regex(/^[a-z0-9-]{1,64}$/, serviceForm)
      .optional()
      .describe('Of `sigv4`: the service that is signed for.'),
    region: z
      .string(regionForm)
      .regex(/^[a-z0-9-]{1,64}$/, regionForm)
      .optional()
      .describe('Of `sigv4`: the region.'),
    key: text('a credential of AWS')
      .optional()
      .describe(
        'Of `sigv4`: `ACCESS_KEY_ID:SECRET`, `ACCESS_KEY_ID:SECRET:SESSION_TOKEN`, `profile:NAME` or the ARN of a role. Left out: what ' +
          'the environment has, as the tools of AWS find it.',
      ),
    connections: z
      .int(wants('a number of connections'))
      .min(1, wants('a number of connections, at least 1'))
      .max(10_000, wants('a number of connections, at most 10000'))
      .optional()
      .describe(
        'Of credentials of users: how many of them may have a connection at a time; one more takes the place of the one that was ' +
          'not used for longest. Default 256.',
      ),
    idle: duration()
      .optional()
      .describe(
        'Of credentials of users: a connection that is not used for so long is closed. Default `5m`.',
      ),
  })
  .superRefine((auth, ctx) => {
    const { type } = auth;
    const allowed: readonly string[] = [
      'type',
      ...KEYS[type],
      ...(ofUsers.includes(type) ? ['connections', 'idle'] : []),
    ];
    for (const [name, value] of Object.entries(auth))
      if (value !== undefined && !allowed.includes(name))
        ctx.addIssue({ code: 'custom', path: [name], message: wants(`no such key with type ${type}`).error });
    for (const name of NEEDED[type] ?? [])
      if (auth[name as keyof typeof auth] === undefined)
        ctx.addIssue({ code: 'custom', message: wants(`"${name}" with type ${type}`).error });
    if (auth.client_secret !== undefined && auth.client_id === undefined)
      ctx.addIssue({
        code: 'custom',
        path: ['client_secret'],
        message: wants('"client_id" beside it').error,
      });
    // Secrets go where the operator says, not where a server says.
    const needsPlace =
      type === 'client_credentials' || type === 'token_exchange' || auth.client_secret !== undefined;
    if (needsPlace && auth.issuer === undefined && auth.token_url === undefined)
      ctx.addIssue({
        code: 'custom',
        message: wants('"issuer", the authorization server that it is for').error,
      });
    if (auth.issuer !== undefined && auth.token_url !== undefined)
      ctx.addIssue({
        code: 'custom',
        path: ['token_url'],
        message: wants('either "issuer" or "token_url"').error,
      });
    if (type === 'user_header' && auth.self_service === false && auth.values === undefined)
      ctx.addIssue({
        code: 'custom',
        path: ['self_service'],
        message: wants('"values" where nobody may set one').error,
      });
  });

export type ParsedMcpAuth = z.output<typeof mcpAuth>;
