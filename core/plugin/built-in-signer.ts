import type { Signer } from '@headgate/sdk';
import type { PluginSource } from './load.js';

/** A signer of providers that is always there. */
export function builtInSigner({ builtins }: PluginSource, id: string): Signer {
  const found = builtins.flatMap(({ signers = [] }) => signers).find((one) => one.id === id);
  if (found === undefined) throw new Error(`there is no signer "${id}"`);
  return found;
}
