import type { Transport } from '@headgate/sdk';
import { HttpTransport } from './transport.js';

/** The connection pools of one thread, one for each origin and connect time-out, kept over reloads of the config. */
export class Transports {
  private readonly pools = new Map<string, HttpTransport>();

  http(origin: string, connectTimeoutMs: number): Transport {
    const name = `${origin} ${connectTimeoutMs}`;
    const known = this.pools.get(name) ?? new HttpTransport(origin, { connectTimeoutMs });
    this.pools.set(name, known);
    return known;
  }

  async close(): Promise<void> {
    await Promise.all([...this.pools.values()].map((pool) => pool.close()));
    this.pools.clear();
  }
}
