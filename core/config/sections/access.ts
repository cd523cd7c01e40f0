import { z } from 'zod';
import { wants } from '../wants.js';

const tokenForm = wants('a token of visible characters without spaces');

const secretForm = wants('a text of 16 characters or more');

/** Who may use the admin API and the dashboard. */
export const adminSection = z.strictObject({
  token: z
    .string(tokenForm)
    .regex(/^[\x21-\x7e]+$/, tokenForm)
    .optional()
    .describe('Bearer token of the admin API. HEADGATE_ADMIN_TOKEN sets it too. Needed off loopback.'),
  secret: z
    .string(secretForm)
    .min(16, secretForm)
    .optional()
    .describe(
      'What virtual keys of the store are hashed under; every node of one store needs the same one. HEADGATE_SECRET sets it ' +
        'too. Left out: made at the first start and kept in the data folder.',
    ),
  oidc: z.unknown().optional().describe('Sign-in through OpenID Connect. Not supported by this version yet.'),
});

/** Who may use the data plane. */
export const authSection = z.strictObject({
  required: z
    .boolean(wants('true or false'))
    .optional()
    .describe(
      'Whether requests need a virtual key. When left out: true as soon as `keys` has an entry, otherwise false. ' +
        'HEADGATE_AUTH_REQUIRED sets it too.',
    ),
});
