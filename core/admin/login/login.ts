import { headerOf } from '@headgate/sdk';
import { isLoopback } from '../../config/check-bind.js';
import type { OidcConfig } from '../../config/config.js';
import type { ControlAnswer, ControlRequest } from '../../control.js';
import { canonicalError, GatewayError, gatewayError } from '../../errors.js';
import { authorOf } from '../caller.js';
import { LOGIN_COOKIES, readCookie, SESSION_COOKIES, setCookie } from '../cookie.js';
import { iso } from '../entity-text.js';
import { BadParameter, readParameters } from '../parameters.js';
import { json } from '../reply.js';
import { allows, PERMISSIONS } from '../role.js';
import { type AdminRequest, refused } from '../route.js';
import type { AdminParts } from '../routes.js';
import { sessionCaller } from '../session-caller.js';
import { beginSignIn, type Expected, endSignIn, logoutUrl } from './provider.js';
import { seal, unseal } from './sealed.js';
import { signIn } from './sign-in.js';

const CALLBACK = '/api/auth/callback';
const PURPOSE = 'sign-in';
/** How long somebody may take at the identity provider. */
const MOST_S = 600;
/** Where one lands who did not say where to go. */
const HOME = '/api/auth/session';

/** What the browser keeps while it is at the provider. */
interface Pending extends Expected {
  readonly returnTo: string;
  readonly untilMs: number;
}

/** `GET /api/auth/login`: to the identity provider. */
export async function login(parts: AdminParts, request: AdminRequest): Promise<ControlAnswer> {
  const { oidc } = parts.config().admin;
  if (oidc === null) return refused(canonicalError('login_off'));
  const returnTo = readReturn(readParameters(request.query, ['return_to']).get('return_to'));
  const back = redirectUrl(oidc, request);
  const { url, expected } = await beginSignIn(oidc, back);
  const pending: Pending = { ...expected, returnTo, untilMs: Date.now() + MOST_S * 1000 };
  const sealed = seal(parts.secret, PURPOSE, pending);
  return away(url, [setCookie(LOGIN_COOKIES, sealed, isSecure(back), MOST_S)]);
}

/** `GET /api/auth/callback`: the browser comes back from there. */
export async function callback(parts: AdminParts, request: AdminRequest): Promise<ControlAnswer> {
  const { oidc } = parts.config().admin;
  if (oidc === null) return refused(canonicalError('login_off'));
  const back = redirectUrl(oidc, request);
  const secure = isSecure(back);
  // Whatever becomes of it, the same answer is not taken twice.
  const forget = setCookie(LOGIN_COOKIES, '', secure, 0);
  try {
    const pending = pendingOf(parts.secret, request);
    const identity = await endSignIn(oidc, new URL(`${back}?${request.query}`), pending);
    const agent = headerOf(request.headers, 'user-agent') ?? '';
    const { cookie } = await signIn(identity, { address: request.address, agent }, parts);
    const seconds = Math.floor(oidc.absoluteMs / 1000);
    return away(pending.returnTo, [forget, setCookie(SESSION_COOKIES, cookie, secure, seconds)]);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    await parts.refusals.note(request, error.canonical.message);
    return refused(error.canonical, ['set-cookie', forget]);
  }
}

/** `POST /api/auth/logout`: the session ends, in all windows of the browser. */
export async function logout(parts: AdminParts, request: AdminRequest): Promise<ControlAnswer> {
  const { oidc } = parts.config().admin;
  if (oidc === null) return refused(canonicalError('login_off'));
  const session = await ownSession(parts, request);
  if (session !== null) {
    const { store } = await parts.governance.open();
    await store.change(authorOf(session, request.address), async ({ people }) => {
      await people.endSessions({ id: session.sessionId });
      const note = { session: session.sessionId };
      return { action: 'logout', kind: 'session', id: session.id, before: null, after: null, note };
    });
  }
  const gone = [true, false].flatMap((secure) => ['set-cookie', setCookie(SESSION_COOKIES, '', secure, 0)]);
  return json(200, { ended: session !== null, provider_logout_url: await logoutUrl(oidc) }, gone);
}

/** `GET /api/auth/session`: who asks, and what they may do. */
export async function whoAmI(parts: AdminParts, request: AdminRequest): Promise<ControlAnswer> {
  const { caller } = request;
  if (caller.kind === 'nobody')
    return refused(canonicalError('admin_required'), ['www-authenticate', 'Bearer']);
  const session = caller.kind === 'session' ? await ownSession(parts, request) : null;
  return json(200, {
    kind: caller.kind,
    id: caller.id === '' ? null : caller.id,
    roles: caller.grants.map(({ role, organization, team }) => ({
      role,
      ...(organization !== null && { organization }),
      ...(team !== null && { team }),
    })),
    permissions: PERMISSIONS.filter((one) => caller.grants.some((grant) => allows(grant, one))),
    expires_at: session === null ? null : iso(session.untilMs),
  });
}

function ownSession(parts: AdminParts, { headers }: ControlRequest): ReturnType<typeof sessionCaller> {
  const cookie = readCookie(headers, SESSION_COOKIES);
  return cookie === null ? Promise.resolve(null) : sessionCaller(cookie, parts);
}

/** Throws a GatewayError when the browser did not begin a sign-in here, or took too long. */
function pendingOf(secret: string, { headers }: ControlRequest): Pending {
  const sealed = readCookie(headers, LOGIN_COOKIES);
  const pending = sealed === null ? null : (unseal(secret, PURPOSE, sealed) as Pending | null);
  if (pending === null || pending.untilMs <= Date.now()) throw gatewayError('login_stale');
  return pending;
}

/** Where the provider sends the browser. The name that a request has for this host counts on this machine alone. */
function redirectUrl({ redirectUrl: set }: OidcConfig, { headers }: ControlRequest): string {
  if (set !== null) return set;
  const host = headerOf(headers, 'host') ?? '';
  const url = URL.canParse(`http://${host}`) ? new URL(`http://${host}`) : null;
  if (url === null || url.host !== host.toLowerCase() || !isLoopback(url.hostname))
    throw gatewayError('invalid_header', {
      name: 'host',
      why: 'it is not this machine; set admin.oidc.redirect_url',
    });
  return `http://${host}${CALLBACK}`;
}

function isSecure(url: string): boolean {
  return url.startsWith('https:');
}

/** A path of this host: what another host could be read from sends nobody anywhere. */
function readReturn(given: string | null): string {
  if (given === null) return HOME;
  const fits = /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,1000}$/.test(given);
  if (!fits || new URL(given, 'http://here.invalid').origin !== 'http://here.invalid')
    throw new BadParameter('return_to', '"return_to" must be a path of this host, such as /ui/');
  return given;
}

function away(location: string, cookies: readonly string[]): ControlAnswer {
  const set = cookies.flatMap((one) => ['set-cookie', one]);
  return { status: 302, headers: ['location', location, 'cache-control', 'no-store', ...set], body: '' };
}
