import type { AttemptRecord } from '@headgate/sdk';
import type { ProviderKey } from './route/key-ring.js';
import type { CompiledTarget } from './route/target.js';

/** What the ledger will say of an attempt that begins now. */
export function openRecord(target: CompiledTarget, key: ProviderKey): AttemptRecord {
  return { provider: target.provider.id, model: target.model, key: key.name, status: 0, error: null, ms: 0 };
}
