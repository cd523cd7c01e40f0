import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { type HeaderList, headerOf } from '@headgate/sdk';

/** A request that another node has passed on says so here, and has in it what only nodes may read. */
export const FORWARDED = 'x-headgate-forwarded';

/** Clocks of nodes may differ by so much, and a request may be on its way for as long. */
const VALID_MS = 60_000;
const FORM = /^(\d{1,15});([A-Za-z0-9_-]{38,})$/;
const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** What need not be hidden, and is looked at on the way. */
const OPEN = ['accept', 'content-type', 'content-length', 'last-event-id', 'user-agent'];

/** What one node tells another of a request that it passes on. */
export interface Forwarded {
  /** Of the client, whom it has let in. */
  readonly address: string;
  /** What came with the request: whatever may be a credential, or say who the client is. */
  readonly headers: HeaderList;
}

/** Of which request it is, so that it is good for no other. */
export interface ForwardedOf {
  readonly method: string;
  readonly path: string;
  readonly session: string;
  /** By `hashOf`. */
  readonly body: string;
}

interface Sealed extends Forwarded {
  readonly body: string;
}

/** Headers that need not be sealed. */
export function isOpen(name: string): boolean {
  return OPEN.includes(name) || name.startsWith('mcp-');
}

export function hashOf(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('base64url');
}

/** @param secret of all nodes. @param now unix milliseconds */
export function forwardedHeader(secret: string, told: Forwarded, of: ForwardedOf, now: number): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, keyOf(secret), nonce).setAAD(boundTo(of, now));
  const text = JSON.stringify({ ...told, body: of.body } satisfies Sealed);
  const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `${now};${sealed.toString('base64url')}`;
}

/**
 * What the node that has passed the request on says; null for anything else, whatever it says. That the body is the one which
 * it has seen is to be looked at when that is there.
 */
export function forwardedFor(
  secret: string,
  { method, path, headers }: { method: string; path: string; headers: HeaderList },
  now: number,
): (Forwarded & { readonly body: string }) | null {
  const [, at = '', text = ''] = FORM.exec(headerOf(headers, FORWARDED) ?? '') ?? [];
  if (text === '' || Math.abs(now - Number(at)) > VALID_MS) return null;
  const sealed = Buffer.from(text, 'base64url');
  const session = headerOf(headers, 'mcp-session-id') ?? '';
  try {
    const decipher = createDecipheriv(CIPHER, keyOf(secret), sealed.subarray(0, NONCE_BYTES))
      .setAAD(boundTo({ method, path, session }, Number(at)))
      .setAuthTag(sealed.subarray(-TAG_BYTES));
    const opened = decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES));
    return JSON.parse(Buffer.concat([opened, decipher.final()]).toString('utf8')) as Sealed;
  } catch {
    return null;
  }
}

function keyOf(secret: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', 'headgate forwarded request', 32));
}

function boundTo({ method, path, session }: Omit<ForwardedOf, 'body'>, at: number): Buffer {
  return Buffer.from([at, method, path, session].join('\0'));
}
