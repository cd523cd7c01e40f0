import { z } from 'zod';
import { duration } from '../duration.js';
import { USER_ATTRIBUTES } from '../user-name.js';
import { wants } from '../wants.js';
import { entityId } from './entities.js';
import { keyKeys } from './keys.js';
import { safeUrl } from './oidc.js';

/** What is signed with a private key alone: a public one must never pass for a shared secret. */
export const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;

const nameForm = wants('a name of letters, digits, "_" and "-"');
const keyForm = wants('a public key as a JWK (kty RSA, EC or OKP, without "d")');
const text = (what: string) => z.string(wants(what)).min(1, wants(what)).max(500, wants(what));
const claim = text('the name of a claim, with dots for what is inside');

const jwk = z
  .record(z.string(), z.unknown(), keyForm)
  .refine((key) => ['RSA', 'EC', 'OKP'].includes(String(key['kty'])) && !('d' in key), keyForm);

const { organization: _o, team: _t, project: _p, user: _u, labels: _l, expires: _e, ...ofKeys } = keyKeys;

const issuer = z
  .strictObject({
    name: z
      .string(nameForm)
      .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,49}$/, nameForm)
      .describe('What records and errors call it.'),
    issuer: text('the issuer as its tokens name it').describe('What `iss` of its tokens must be, exactly.'),
    audience: z
      .union(
        [text('an audience'), z.array(text('an audience')).min(1)],
        wants('an audience, or a list of them'),
      )
      .describe('What `aud` of its tokens must have one of.'),
    jwks_url: safeUrl
      .optional()
      .describe(
        'Where its public keys are. Left out: as `/.well-known/openid-configuration` of the issuer says.',
      ),
    keys: z
      .array(jwk, wants('a list of public keys'))
      .min(1)
      .optional()
      .describe('Its public keys themselves, as JWKs, in place of an address.'),
    algorithms: z
      .array(z.enum(ALGORITHMS), wants('a list of algorithms'))
      .min(1)
      .default(['RS256', 'PS256', 'ES256', 'EdDSA'])
      .describe('How its tokens may be signed.'),
    clock_tolerance: duration()
      .prefault('30s')
      .describe('How far its clock may be from this one, for `exp` and `nbf`.'),
    claims: z
      .strictObject({
        user: claim.default('sub').describe('The claim with the id of the user.'),
        user_is: z
          .enum(USER_ATTRIBUTES, wants(`one of ${USER_ATTRIBUTES.join(', ')}`))
          .default('id')
          .describe('What of a user that claim has: the id, or the e-mail address, or what SCIM has given.'),
        team: claim.optional().describe('The claim with the id of the team.'),
        organization: claim.optional().describe('The claim with the id of the organization.'),
        customer: claim.optional().describe('The claim with the customer, when the request names none.'),
      })
      .prefault({})
      .describe('Where its tokens say whose they are.'),
    teams: z
      .record(z.string(), entityId, wants('a mapping of values to team ids'))
      .default({})
      .describe('Teams by what the claim has in place of their id. With an entry, other values are refused.'),
    team: entityId
      .optional()
      .describe('The team of tokens that name none. Left out: with `claims.team` they are refused.'),
    rules: z
      .strictObject(ofKeys)
      .prefault({})
      .describe(
        'What each of its users may do beside the rules of team and organization, as a virtual key would say it.',
      ),
  })
  .refine(({ jwks_url: url, keys }) => url === undefined || keys === undefined, {
    path: ['keys'],
    ...wants('an address or the keys themselves, not both'),
  });

const twice = wants('issuers with different names and different issuers');
const distinct = (texts: readonly string[]): boolean => new Set(texts).size === texts.length;

/** Tokens of others in place of virtual keys. */
export const jwtSection = z.strictObject({
  issuers: z
    .array(issuer, wants('a list of issuers'))
    .max(20)
    .refine((all) => distinct(all.map(({ name }) => name)) && distinct(all.map((one) => one.issuer)), twice)
    .default([])
    .describe('Whose tokens are taken.'),
});

export type ParsedIssuer = z.output<typeof issuer>;
