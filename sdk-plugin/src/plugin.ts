import type { z } from 'zod';
import type { CallAdapter } from './adapter.js';
import type { WireFormat } from './format.js';
import type { PluginHooks } from './hooks.js';
import type { Host } from './host.js';
import type { DefaultNeeds, Needs } from './needs.js';
import type { ProviderModule } from './provider.js';
import type { Signer } from './signer.js';

// biome-ignore lint/suspicious/noConfusingVoidType: a plugin with nothing to hook returns nothing
type Nothing = void | undefined;

/** Version of this contract. The gateway refuses a plugin made for another major version. */
export const sdkVersion = 1;

export interface PluginDefinition<C extends z.ZodType, N extends Needs> {
  /** Lower case, may hold one slash: `guardrails/pii`. Shown in logs, metrics and errors. */
  name: string;
  version: string;
  /** The shape of its `config` in `headgate.yaml`; an invalid one is refused with the path of the mistake. */
  config?: C;
  needs?: N;
  /** Called once in each I/O thread. What it returns is all the gateway will ever call. */
  setup?(host: Host, config: z.output<C>): PluginHooks<N> | Nothing | Promise<PluginHooks<N> | Nothing>;
  /** Called when the gateway stops or the plugin is replaced; open connections and timers end here. */
  close?(): void | Promise<void>;
  providers?: readonly ProviderModule[];
  formats?: readonly WireFormat[];
  signers?: readonly Signer[];
  adapters?: readonly CallAdapter[];
}

/** A plugin as the gateway loads it: its types are checked where it was written. */
export interface Plugin extends Omit<PluginDefinition<z.ZodType, Needs>, 'setup' | 'needs'> {
  readonly sdk: typeof sdkVersion;
  readonly needs: Needs;
  setup?(host: Host, config: unknown): unknown;
}

/**
 * Declares a plugin; the default export of its module.
 *
 * `needs` decides the types of the views: without `request: 'canonical'` there is no `view.request`.
 */
export function definePlugin<C extends z.ZodType = z.ZodUndefined, const N extends Needs = DefaultNeeds>(
  definition: PluginDefinition<C, N>,
): Plugin {
  return {
    ...definition,
    sdk: sdkVersion,
    needs: definition.needs ?? { request: 'head', response: 'none' },
  } as Plugin;
}
