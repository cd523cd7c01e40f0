import { z } from 'zod';
import { duration } from '../duration.js';
import { wants } from '../wants.js';
import { PEOPLE_ROLES } from './grants.js';

const urlForm = wants('an address such as https://login.example.com (http only on loopback)');
const text = (what: string) => z.string(wants(what)).min(1, wants(what)).max(500, wants(what));

/** An https address, or an http one of this machine. */
export function isSafeUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname, username, hash } = new URL(value);
  if (username !== '' || hash !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && isHere(hostname));
}

function isHere(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}

export const safeUrl = z.string(urlForm).refine(isSafeUrl, urlForm);

/** How people sign in. */
export const oidcSection = z.strictObject({
  issuer: safeUrl.describe('Where the provider is; `/.well-known/openid-configuration` is read from there.'),
  client_id: text('the id of this client at the provider').describe('The id of this client at the provider.'),
  client_secret: text('the secret of this client')
    .optional()
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the syntax of the file, not of TypeScript
    .describe('Its secret, best as `${NAME}`; left out for a public client.'),
  scopes: z
    .array(text('a scope'), wants('a list of scopes'))
    .default(['openid', 'profile', 'email'])
    .describe('What is asked for; `openid` always is.'),
  redirect_url: safeUrl
    .refine(
      (url) => new URL(url).pathname === '/api/auth/callback',
      wants('an address that ends in /api/auth/callback'),
    )
    .optional()
    .describe('`https://HOST/api/auth/callback` as browsers reach it. Only on loopback it may be left out.'),
  groups_claim: text('the name of a claim')
    .default('groups')
    .describe('The claim that says which groups somebody is in; `admin.groups` gives these roles.'),
  link_claim: text('the name of a claim')
    .optional()
    .describe(
      'The claim that is compared with the user name of SCIM and the e-mail address of users that are there, for whoever signs in ' +
        'for the first time. It must be one that nobody sets for himself. Left out: `email`, if it is verified.',
    ),
  default_role: z
    .enum(PEOPLE_ROLES)
    .optional()
    .describe(
      'What whoever may sign in may do everywhere. Left out: nothing, unless a group or the user says more.',
    ),
  create_users: z
    .boolean(wants('true or false'))
    .default(true)
    .describe('Whether somebody who is not known yet becomes a user by signing in.'),
  session: z
    .strictObject({
      idle: duration().prefault('8h').describe('A session ends after so long without a request.'),
      absolute: duration().prefault('7d').describe('It ends after so long, whatever happens.'),
    })
    .prefault({})
    .describe('How long a sign-in holds.'),
});
