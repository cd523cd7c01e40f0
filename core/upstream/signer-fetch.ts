import type { Host } from '@headgate/sdk';
import { Agent } from 'undici';
import { fetchText } from './fetch-text.js';

/** Largest answer of a token endpoint. */
const MAX_BYTES = 1024 * 1024;

/**
 * What signers ask for tokens with. Any address, since clouds serve them at link-local ones: where a request goes is said by
 * the operator and the provider's row alone, never by a client. No redirects.
 */
export class SignerFetch {
  private readonly agent = new Agent({ connect: { timeout: 5_000 }, keepAliveTimeout: 10_000 });

  readonly fetch: Host['fetch'] = (url, init = {}) => fetchText(this.agent, url, init, MAX_BYTES);

  close(): Promise<void> {
    return this.agent.destroy();
  }
}
