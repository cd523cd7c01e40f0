import type { ProviderRow, Signer, Transport } from '@headgate/sdk';
import type { KeyRing } from './key-ring.js';

/** A provider as the hot path sees it: everything that can be known at boot is. */
export interface Provider {
  readonly id: string;
  readonly row: ProviderRow;
  readonly signer: Signer;
  readonly keys: KeyRing;
  /** Wire format id → full path. */
  readonly paths: ReadonlyMap<string, string>;
  /** Prices are looked up under this id: a provider that extends another has its prices. */
  readonly priceId: string;
  /** What carries requests to it, with that many milliseconds to connect. For boot, not for requests. */
  readonly transport: (connectTimeoutMs: number) => Transport;
}
