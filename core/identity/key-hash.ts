import { createHash, createHmac } from 'node:crypto';

/** The hash by which a virtual key is kept: HMAC-SHA-256 under the server's secret. `hmac-sha256:` and hexadecimal. */
export function keyHash(secret: string, credential: string): string {
  return `hmac-sha256:${createHmac('sha256', secret).update(credential).digest('hex')}`;
}

/** How LiteLLM keeps its keys; taken for keys that were imported from there. */
export function plainHash(credential: string): string {
  return `sha256:${createHash('sha256').update(credential).digest('hex')}`;
}
