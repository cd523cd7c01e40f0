import { isSafeUrl } from '../../config/sections/oidc.js';
import type { Jwk, JwtIssuer, SigningKeySet } from './issuer.js';

/** After so long they are fetched anew. */
const FRESH_MS = 10 * 60_000;
/** A key that is not known is looked for at most so often. */
const AGAIN_MS = 10_000;
/** While they cannot be fetched, those that are known count for so long. */
const STALE_MS = 24 * 3_600_000;
const TIMEOUT_MS = 5_000;
const MOST_BYTES = 1024 * 1024;
const MOST_KEYS = 100;

type Log = (level: 'warn', message: string, fields: Record<string, unknown>) => void;

interface Known {
  keys: readonly Jwk[];
  version: number;
  fetchedAt: number;
  triedAt: number;
}

/** The public keys of issuers: fetched when the first token comes, and again when they are old or one is not among them. */
export class SigningKeys {
  private readonly known = new Map<string, Known>();
  private readonly running = new Map<string, Promise<void>>();
  private versions = 0;

  constructor(
    private readonly issuers: () => readonly JwtIssuer[],
    private readonly log: Log,
    private readonly now: () => number = Date.now,
  ) {}

  /**
   * @param name of the issuer
   * @param kid of the key that is needed; null: any
   * @param have the version that whoever asks has
   * @returns null while there are none
   */
  async get(name: string, kid: string | null, have: number): Promise<SigningKeySet | null> {
    const issuer = this.issuers().find((one) => one.name === name);
    if (issuer === undefined || issuer.keys !== null) return null;
    const place = JSON.stringify([issuer.issuer, issuer.jwksUrl]);
    const known = this.known.get(place);
    const now = this.now();
    const lacks = kid !== null && known?.keys.some((key) => key['kid'] === kid) !== true;
    if (known === undefined || lacks) {
      if (known === undefined || now - known.triedAt >= AGAIN_MS) await this.fetch(place, issuer);
    } else if (now - known.fetchedAt >= FRESH_MS && now - known.triedAt >= AGAIN_MS) {
      // Nobody waits for what is only to be newer.
      void this.fetch(place, issuer);
    }
    const found = this.known.get(place);
    if (found === undefined || found.version === 0 || this.now() - found.fetchedAt >= STALE_MS) return null;
    return { version: found.version, keys: found.version === have ? null : found.keys };
  }

  private fetch(place: string, issuer: JwtIssuer): Promise<void> {
    const before = this.running.get(place);
    if (before !== undefined) return before;
    const work = this.take(place, issuer).finally(() => this.running.delete(place));
    this.running.set(place, work);
    return work;
  }

  private async take(place: string, issuer: JwtIssuer): Promise<void> {
    const known = this.known.get(place);
    const now = this.now();
    try {
      const keys = await fetchKeys(issuer);
      const same = known !== undefined && JSON.stringify(known.keys) === JSON.stringify(keys);
      const version = same ? known.version : ++this.versions;
      this.known.set(place, { keys, version, fetchedAt: now, triedAt: now });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.log('warn', 'the keys of an issuer of tokens cannot be read', { issuer: issuer.name, error: why });
      this.known.set(place, { keys: [], version: 0, fetchedAt: 0, ...known, triedAt: now });
    }
  }
}

async function fetchKeys({ issuer, jwksUrl }: JwtIssuer): Promise<readonly Jwk[]> {
  const url = jwksUrl ?? (await jwksUrlOf(issuer));
  const { keys } = await fetchJson(url);
  if (!Array.isArray(keys)) throw new Error('the answer has no list of keys');
  return (keys as unknown[])
    .filter((key): key is Jwk => typeof key === 'object' && key !== null)
    .filter((key) => ['RSA', 'EC', 'OKP'].includes(String(key['kty'])) && key['use'] !== 'enc')
    .slice(0, MOST_KEYS);
}

async function jwksUrlOf(issuer: string): Promise<string> {
  if (!isSafeUrl(issuer)) throw new Error('the issuer is no address; set jwks_url or keys');
  const said = await fetchJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  if (said['issuer'] !== issuer) throw new Error('the document at the issuer is that of another issuer');
  const url = said['jwks_uri'];
  if (typeof url !== 'string' || !isSafeUrl(url))
    throw new Error('the issuer names no https address of its keys');
  return url;
}

async function fetchJson(url: string): Promise<Record<string, unknown>> {
  const answer = await fetch(url, {
    headers: { accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!answer.ok) throw new Error(`it answered with ${answer.status}`);
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of answer.body ?? []) {
    bytes += part.length;
    if (bytes > MOST_BYTES) throw new Error(`the answer is larger than ${MOST_BYTES} bytes`);
    parts.push(part);
  }
  const value = JSON.parse(Buffer.concat(parts).toString()) as unknown;
  if (typeof value !== 'object' || value === null) throw new Error('the answer is no JSON object');
  return value as Record<string, unknown>;
}
