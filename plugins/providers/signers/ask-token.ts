import { SignerFailure, type SignerHost } from '@headgate/sdk';
import { reach } from './reach.js';
import type { Token } from './token-source.js';

export interface TokenRequest {
  /** For messages: `Google's token endpoint`. */
  readonly who: string;
  readonly url: string;
  readonly headers?: Record<string, string>;
  /** Sent as a form; a GET without it and without `json`. */
  readonly form?: Record<string, string>;
  readonly json?: object;
  readonly timeoutMs?: number;
  /** What must never be repeated, even where the endpoint itself does. */
  readonly secrets: readonly string[];
  /** Sent beside the token. */
  readonly also?: readonly string[];
}

/** Without a word about it, a token is taken to last that long. */
const UNSAID_S = 300;

/**
 * Asks an OAuth 2.0 token endpoint, or a metadata server that answers like one, or Google's for service accounts. Rejects with
 * a SignerFailure.
 */
export async function askToken(host: SignerHost, request: TokenRequest): Promise<Token> {
  const { who, url, timeoutMs, secrets } = request;
  const init = initOf(request);
  const answer = await reach(host, who, url, timeoutMs === undefined ? init : { ...init, timeoutMs });
  const said = objectOf(await answer.text());
  if (answer.status !== 200)
    throw new SignerFailure(`${who} answered ${answer.status}${whyOf(said, secrets)}`);
  const token = said['access_token'] ?? said['accessToken'];
  if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token))
    throw new SignerFailure(`${who} gave no access token`);
  return {
    headers: ['authorization', `Bearer ${token}`, ...(request.also ?? [])],
    expiresAt: endOf(said, host.clock.now()),
  };
}

function initOf({
  headers: more,
  form,
  json,
}: TokenRequest): NonNullable<Parameters<SignerHost['fetch']>[1]> {
  const headers = { accept: 'application/json', ...more };
  const [type, body] =
    form !== undefined
      ? ['application/x-www-form-urlencoded', new URLSearchParams(form).toString()]
      : ['application/json', json === undefined ? null : JSON.stringify(json)];
  return body === null
    ? { headers }
    : { method: 'POST', headers: { ...headers, 'content-type': type as string }, body: body as string };
}

function objectOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/**
 * `expires_in` counts seconds from now, `expires_on` (Azure) and `expires_at` since 1970, GigaChat's in milliseconds;
 * `expireTime` is a date.
 */
function endOf(said: Record<string, unknown>, now: number): number {
  const seconds = Number(said['expires_in'] ?? Number.NaN);
  if (Number.isFinite(seconds) && seconds > 0) return now + seconds * 1000;
  const at = Number(said['expires_on'] ?? said['expires_at'] ?? Number.NaN);
  if (Number.isFinite(at) && at > 0) return at > 1e12 ? at : at * 1000;
  const date = Date.parse(String(said['expireTime']));
  return Number.isNaN(date) ? now + UNSAID_S * 1000 : date;
}

/** What the endpoint says is wrong. Anything in it that might be a credential is left out. */
function whyOf(said: Record<string, unknown>, secrets: readonly string[]): string {
  const [code, text] = (['error', 'error_description'] as const).map((name) => {
    const value = said[name];
    return typeof value === 'string' ? plain(value, secrets).slice(0, 200) : '';
  });
  const words = [code, text].filter((part) => part !== '').join(', ');
  return words === '' ? '' : ` (${words})`;
}

function plain(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) if (secret !== '') clean = clean.replaceAll(secret, '***');
  return clean.replaceAll(/[^\x20-\x7e]+/g, ' ').replaceAll(/[A-Za-z0-9+/=_~.-]{20,}/g, '***');
}
