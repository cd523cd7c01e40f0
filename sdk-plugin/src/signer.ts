import type { HeaderList } from './headers.js';
import type { UpstreamRequest } from './provider.js';

/** How credentials become headers. `fixed` is computed once per key at boot; `sign` runs for every attempt. */
export interface Signer {
  readonly id: string;
  /** Headers that are the same for every request of this credential. */
  fixed?(credential: string, options: Record<string, string>): HeaderList;
  /** Headers that depend on the request itself (time, body hash): added to `request.headers`. */
  sign?(request: UpstreamRequest, credential: string, options: Record<string, string>): void | Promise<void>;
}
