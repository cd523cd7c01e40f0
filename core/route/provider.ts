import type { AdaptedCallName, ProviderRow, Transport } from '@headgate/sdk';
import type { CompiledAdapter } from './compile-adapters.js';
import type { FieldEdits } from './field-edits.js';
import type { KeyRing } from './key-ring.js';

/** A provider as the hot path sees it: everything that can be known at boot is. */
export interface Provider {
  readonly id: string;
  readonly row: ProviderRow;
  /** Scheme and host; '' for a provider that answers inside the process. */
  readonly origin: string;
  readonly keys: KeyRing;
  /** Values of headers that the operator has set for it: its errors may repeat them. */
  readonly secrets: readonly string[];
  /** Path of its base URL, without a slash at the end. */
  readonly basePath: string;
  /** Wire format id → full path. */
  readonly paths: ReadonlyMap<string, string>;
  /** Full paths of other operations that are not simply below its base URL, by what stands behind the version in a client's path. */
  readonly otherPaths: ReadonlyMap<string, string>;
  /** How calls of OpenAI's API are answered that it has an API of its own for. */
  readonly adapters: ReadonlyMap<AdaptedCallName, CompiledAdapter>;
  /** Wire format id → what changes in the fields of its requests. */
  readonly edits: ReadonlyMap<string, FieldEdits>;
  /** The same to another origin of its own; null when that is not one, and must not have its key. */
  readonly transportTo: (origin: string, connectTimeoutMs: number) => Transport | null;
  /** What carries requests to it, with that many milliseconds to connect. For boot, not for requests. */
  readonly transport: (connectTimeoutMs: number) => Transport;
}
