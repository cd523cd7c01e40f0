import type { Transport } from '@headgate/sdk';
import { SignerFetch } from './signer-fetch.js';
import { HttpTransport } from './transport.js';

/** The connection pools of one thread, one for each origin and connect time-out, kept over reloads of the config. */
export class Transports {
  private readonly pools = new Map<string, HttpTransport>();
  /** For signers that must ask for a token. */
  readonly signers = new SignerFetch();

  http(origin: string, connectTimeoutMs: number): Transport {
    const name = `${origin} ${connectTimeoutMs}`;
    const known = this.pools.get(name) ?? new HttpTransport(origin, { connectTimeoutMs });
    this.pools.set(name, known);
    return known;
  }

  async close(): Promise<void> {
    await Promise.all([this.signers.close(), ...[...this.pools.values()].map((pool) => pool.close())]);
    this.pools.clear();
  }
}
