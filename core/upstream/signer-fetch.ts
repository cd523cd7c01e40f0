import type { Host } from '@headgate/sdk';
import { TextFetch } from './text-fetch.js';

/** Largest answer of a token endpoint. */
const MAX_BYTES = 1024 * 1024;

/**
 * What signers ask for tokens with. Any address, since clouds serve them at link-local ones: where a request goes is said by
 * the operator and the provider's row alone, never by a client. No redirects.
 */
export class SignerFetch {
  private readonly texts = new TextFetch(
    { connect: { timeout: 5_000 }, keepAliveTimeout: 10_000 },
    MAX_BYTES,
  );

  readonly fetch: Host['fetch'] = (url, init = {}) => this.texts.fetch(url, init);

  close(): Promise<void> {
    return this.texts.destroy();
  }
}
