import { createHash, randomBytes } from 'node:crypto';
import { headerOf } from '@headgate/sdk';
import { isLoopback } from '../config/check-bind.js';
import type { ControlAnswer, ControlRequest } from '../control.js';
import { canonicalError, GatewayError, gatewayError } from '../errors.js';
import { sameSecret } from '../identity/same-secret.js';
import type { OwnAddress, SignInBegun } from '../mcp/hub/auth/sign-in.js';
import { forgetClient, whoOf } from '../mcp/hub/auth/user-tokens.js';
import { hiderOf } from '../mcp/hub/hidden-words.js';
import { StoreError } from '../store/control/store-error.js';
import { readCookie, SIGN_IN_COOKIES, setCookie } from './cookie.js';
import { page } from './mcp-sign-in-page.js';
import { readTicket, type SignInTicket } from './mcp-ticket.js';
import { userOf } from './people.js';
import { json } from './reply.js';
import { type AdminRequest, refused } from './route.js';
import type { AdminParts } from './routes.js';

const CALLBACK = '/api/mcp/oauth/callback';
const CLIENT = '/api/mcp/oauth/client.json';
/** How long somebody may take at the authorization server. */
const MOST_MS = 10 * 60_000;

type Parts = AdminParts;

/** Of somebody who is there, in the store: which browser it was, and whose credential comes of it. */
interface Pending {
  readonly server: string;
  readonly owner: string;
  /** Hash of what the browser has. */
  readonly browser: string;
  readonly begun: SignInBegun;
}

/** `GET /api/mcp/{server}/authorize`: asks whoever has opened the link whether they meant to, since anybody may have sent it. */
export async function askSignIn(parts: Parts, request: AdminRequest): Promise<ControlAnswer> {
  const text = new URLSearchParams(request.query).get('ticket') ?? '';
  const ticket = ticketOf(parts, request, text);
  const elsewhere = await otherPerson(parts, request, ticket);
  if (elsewhere !== null) return elsewhere;
  const { redirectUrl } = addressOf(parts, request);
  const browser = randomBytes(32).toString('base64url');
  const who = whoOf(ticket.owner);
  return page(
    200,
    `Sign in to ${ticket.server}`,
    `The ${who} of this gateway will use the MCP server "${ticket.server}" with the account that you sign in with there. Go on only if you have asked for ` +
      'this yourself: a link that somebody else has sent you would let them use your account.',
    { button: 'Go on', fields: { ticket: text, browser } },
    [setCookie(SIGN_IN_COOKIES, browser, redirectUrl.startsWith('https:'), MOST_MS / 1000)],
  );
}

/** `POST /api/mcp/{server}/authorize`: to the authorization server. */
export async function goToSignIn(parts: Parts, request: AdminRequest): Promise<ControlAnswer> {
  const form = new URLSearchParams(Buffer.from(request.body).toString('utf8'));
  const ticket = ticketOf(parts, request, form.get('ticket') ?? '');
  const browser = readCookie(request.headers, SIGN_IN_COOKIES) ?? '';
  // A page of another site can send the form, and knows nothing of the cookie.
  if (browser === '' || !sameSecret(browser, form.get('browser') ?? ''))
    throw gatewayError('mcp_sign_in_stale');
  const elsewhere = await otherPerson(parts, request, ticket);
  if (elsewhere !== null) return elsewhere;
  const { server, owner, scope } = ticket;
  const found = parts.mcp.signInServer(server);
  if (found === null) throw gatewayError('mcp_server_unknown', { server });
  const { beginSignIn } = await import('../mcp/hub/auth/sign-in.js');
  const own = addressOf(parts, request);
  try {
    const { to, begun } = await beginSignIn(found.config, own, scope, {
      vault: parts.vault,
      fetch: found.fetch,
    });
    const pending: Pending = { server, owner, browser: hashOf(browser), begun };
    await parts.vault.pend(begun.state, pending, MOST_MS);
    return { status: 303, headers: ['location', to, 'cache-control', 'no-store'], body: '' };
  } catch (error) {
    throw told(error, server, []);
  }
}

/** `GET /api/mcp/oauth/callback`: the browser comes back from there. */
export async function endOfSignIn(parts: Parts, request: AdminRequest): Promise<ControlAnswer> {
  const given = new URLSearchParams(request.query);
  const browser = readCookie(request.headers, SIGN_IN_COOKIES) ?? '';
  // Whatever becomes of it, the same answer is not taken twice.
  const pending = (await parts.vault.takePending(given.get('state') ?? '')) as Pending | null;
  if (pending === null || browser === '' || !sameSecret(hashOf(browser), pending.browser))
    throw gatewayError('mcp_sign_in_stale');
  const { server, owner, begun } = pending;
  const code = given.get('code');
  const said = given.get('error');
  const forget = setCookie(SIGN_IN_COOKIES, '', begun.redirectUrl.startsWith('https:'), 0);
  if (code === null) {
    const why = said !== null && /^[a-z_]{1,50}$/.test(said) ? `it says ${said}` : 'it gave no code';
    throw gatewayError('mcp_sign_in_refused', { server, why });
  }
  const found = parts.mcp.signInServer(server);
  if (found === null) throw gatewayError('mcp_server_unknown', { server });
  const { endSignIn } = await import('../mcp/hub/auth/sign-in.js');
  try {
    const grant = await endSignIn(found.config.auth, begun, { code, issuer: given.get('iss') }, found.fetch);
    await parts.vault.set({ server, owner, what: 'grant' }, grant, { actor: owner, source: request.address });
  } catch (error) {
    const isUnknown = (error as { code?: unknown }).code === 'invalid_client' && begun.client !== null;
    if (isUnknown) await forgetClient(parts.vault, server);
    const { clientSecret } = found.config.auth;
    throw told(error, server, [code, begun.verifier, begun.client?.client_secret, clientSecret?.reveal()]);
  }
  const text = `The ${whoOf(owner)} can use the MCP server "${server}" now. You can close this page.`;
  return page(200, 'Signed in', text, null, [forget]);
}

/** `GET /api/mcp/oauth/client.json`: what the gateway is as a client, for authorization servers that read it there. */
export async function clientDocument(parts: Parts, request: AdminRequest): Promise<ControlAnswer> {
  const own = parts.config().mcp === null ? null : addressOf(parts, request);
  if (own === null || own.clientUrl === null)
    throw new StoreError(
      'entity_unknown',
      'others could not read it, since mcp.public_url is no https address',
    );
  const { clientMetadata } = await import('../mcp/hub/auth/sign-in.js');
  return json(200, { client_id: own.clientUrl, ...clientMetadata(own) });
}

function ticketOf({ secret }: Parts, { params }: AdminRequest, text: string): SignInTicket {
  const ticket = readTicket(secret, text);
  if (ticket === null || ticket.server !== params['server']) throw gatewayError('mcp_sign_in_stale');
  return ticket;
}

/**
 * Where people sign in to the gateway itself, one of them must be the user that the link is for: the way to that, or a refusal; null
 * when nothing is in the way.
 */
async function otherPerson(
  parts: Parts,
  request: AdminRequest,
  { owner }: SignInTicket,
): Promise<ControlAnswer | null> {
  const { caller, path, query } = request;
  if (!owner.startsWith('user:') || parts.config().admin.oidc === null) return null;
  const id = owner.slice('user:'.length);
  if (caller.kind === 'session')
    return caller.id === id
      ? null
      : refused(
          canonicalError('permission_missing', {
            permission: `to sign in for ${whoOf(owner)}`,
            who: caller.who,
          }),
        );
  // Users whom only the tokens of others know cannot sign in here.
  if ((await userOf(id, parts)) === null) return null;
  const back = encodeURIComponent(`${path}?${query}`);
  return {
    status: 302,
    headers: ['location', `/api/auth/login?return_to=${back}`, 'cache-control', 'no-store'],
    body: '',
  };
}

/** The name that a request has for this host counts on this machine alone. */
function addressOf({ config }: Parts, { headers }: Pick<ControlRequest, 'headers'>): OwnAddress {
  const base = config().mcp?.publicUrl ?? localBase(headers);
  return {
    redirectUrl: base + CALLBACK,
    // Others must be able to read it.
    clientUrl: base.startsWith('https:') ? base + CLIENT : null,
  };
}

function localBase(headers: ControlRequest['headers']): string {
  const host = headerOf(headers, 'host') ?? '';
  const url = URL.canParse(`http://${host}`) ? new URL(`http://${host}`) : null;
  if (url !== null && url.host === host.toLowerCase() && isLoopback(url.hostname)) return `http://${host}`;
  throw gatewayError('invalid_header', { name: 'host', why: 'it is not this machine; set mcp.public_url' });
}

function hashOf(browser: string): string {
  return createHash('sha256').update(browser).digest('base64url');
}

function told(error: unknown, server: string, secrets: readonly (string | null | undefined)[]): GatewayError {
  if (error instanceof GatewayError) return error;
  const said = error instanceof Error ? error.message : String(error);
  const hide = hiderOf(secrets.filter((one) => typeof one === 'string'));
  const why = hide(said).slice(0, 300);
  return gatewayError('mcp_sign_in_refused', { server, why });
}
