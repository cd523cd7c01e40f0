import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Received } from '../fakes/received.js';

/** The hash as AWS's signer wants it. */
class Sha256 {
  readonly #hash: Hash | Hmac;

  constructor(secret?: string | Uint8Array) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret);
  }

  update(data: string | Uint8Array): void {
    this.#hash.update(data);
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }
}

/** The `authorization` that AWS's own signer writes for a request as it arrived. */
export async function awsAuthorization(
  request: Pick<Received, 'method' | 'url' | 'headers' | 'body'>,
  credentials: { accessKeyId: string; secretAccessKey: string },
  scope = { region: 'us-east-1', service: 'bedrock' },
): Promise<string | undefined> {
  const signed = /SignedHeaders=([^,]+)/.exec(request.headers.authorization ?? '')?.[1]?.split(';') ?? [];
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(String(request.headers['x-amz-date']))?.map(Number) ??
    [];
  const signer = new SignatureV4({
    credentials,
    ...scope,
    sha256: Sha256 as never,
    applyChecksum: false,
  });
  const { headers } = (await signer.sign(
    {
      method: request.method,
      protocol: 'https:',
      hostname: request.headers.host,
      path: request.url,
      query: {},
      headers: Object.fromEntries(signed.map((name) => [name, String(request.headers[name])])),
      body: request.body,
    } as never,
    {
      signingDate: new Date(
        Date.UTC(year ?? 0, (month ?? 1) - 1, day ?? 1, hour ?? 0, minute ?? 0, second ?? 0),
      ),
    },
  )) as unknown as { headers: Record<string, string> };
  return headers['authorization'];
}
