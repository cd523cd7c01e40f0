import { z } from 'zod';
import { parseEncryptionKeys } from '../encryption-key.js';
import { wants } from '../wants.js';
import { grantKeys, hasOnePlace, twoPlaces } from './grants.js';
import { jwtSection } from './jwt.js';
import { oidcSection } from './oidc.js';

const tokenForm = wants('a token of visible characters without spaces');

const secretForm = wants('a text of 16 characters or more');
const encryptionForm = wants('32 bytes as base64 or as 64 hexadecimal digits; several joined by commas');
const variableForm = wants('the name of an environment variable');

const groupForm = wants('a group as the identity provider names it');
const yesNo = wants('true or false');

/** What everybody in a group of the identity provider may do here. */
const groupRole = z
  .strictObject({
    group: z
      .string(groupForm)
      .min(1, groupForm)
      .max(300, groupForm)
      .describe('Its name there, or what its claim has in place of it.'),
    ...grantKeys,
  })
  .refine(hasOnePlace, twoPlaces);

/** Who may use the admin API and the dashboard. */
export const adminSection = z.strictObject({
  token: z
    .string(tokenForm)
    .regex(/^[\x21-\x7e]+$/, tokenForm)
    .optional()
    .describe(
      'Bearer token of the admin API. HEADGATE_ADMIN_TOKEN sets it too. Left out: one is made at the first start, and printed.',
    ),
  required: z
    .boolean(yesNo)
    .default(true)
    .describe(
      'Whether the admin API needs a token where none is set; `false` counts on loopback only. HEADGATE_ADMIN_REQUIRED sets it too.',
    ),
  secret: z
    .string(secretForm)
    .min(16, secretForm)
    .optional()
    .describe(
      'What virtual keys of the store are hashed under; every node of one store needs the same one. HEADGATE_SECRET sets it ' +
        'too. Left out: made at the first start and kept in the data folder.',
    ),
  encryption_key: z
    .string(encryptionForm)
    .refine((text) => parseEncryptionKeys(text) !== null, encryptionForm)
    .optional()
    .describe(
      'What credentials of providers in the store are encrypted under: 32 random bytes as base64 or hexadecimal, the same on every ' +
        'node. Several, joined by commas: the first encrypts, all decrypt. HEADGATE_ENCRYPTION_KEY sets it too. Left out: the store ' +
        'takes no credentials.',
    ),
  variables: z
    .array(z.string(variableForm).regex(/^[A-Za-z_][A-Za-z0-9_]*$/, variableForm), wants('a list of names'))
    .default([])
    .describe(
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the syntax of the file, not of TypeScript
      'Environment variables that entries of the store may name as `${NAME}`; whoever may change providers can have their ' +
        'values sent anywhere. Left out: none.',
    ),
  groups: z
    .array(groupRole, wants('a list of groups with their roles'))
    .default([])
    .describe(
      'What the groups of the identity provider may do here, whether they come by sign-in or by SCIM.',
    ),
  oidc: oidcSection.optional().describe('Sign-in through OpenID Connect; docs/people.md.'),
});

/** Who may use the data plane. */
export const authSection = z.strictObject({
  required: z
    .boolean(wants('true or false'))
    .optional()
    .describe(
      'Whether requests need a virtual key. When left out: true as soon as `keys` or `jwt.issuers` has an entry, otherwise false. ' +
        'HEADGATE_AUTH_REQUIRED sets it too.',
    ),
  jwt: jwtSection
    .prefault({})
    .describe('JSON Web Tokens of others in place of virtual keys; docs/people.md.'),
});
