import type { CallAdapter, Plugin, Signer, Transport, WireFormat } from '@headgate/sdk';
import type { AnyBound } from '../plan/plan.js';
import type { PluginRoute } from './host.js';
import type { LocalTransports } from './local-transports.js';
import { ProviderRows } from './provider-rows.js';

/** What all plugins of a configuration bring together. Of two with the same id the later one counts. */
export interface Equipment {
  readonly formats: ReadonlyMap<string, WireFormat>;
  readonly signers: ReadonlyMap<string, Signer>;
  readonly adapters: ReadonlyMap<string, CallAdapter>;
  readonly rows: ProviderRows;
  readonly transports: ReadonlyMap<string, Transport>;
  readonly hooks: readonly AnyBound[];
  readonly routes: readonly PluginRoute[];
  /** Closes the plugins that this configuration no longer has; call it once the new one is in use. */
  readonly retire: () => Promise<void>;
}

export type Brought = Pick<Equipment, 'formats' | 'signers' | 'adapters' | 'rows' | 'transports'>;

/** What plugins bring by what they are, set up or not. */
export function collect(plugins: readonly Plugin[], made: LocalTransports): Brought {
  const formats = new Map<string, WireFormat>();
  const signers = new Map<string, Signer>();
  const adapters = new Map<string, CallAdapter>();
  const rows = new ProviderRows();
  const transports = new Map<string, Transport>();
  for (const plugin of plugins) {
    for (const format of plugin.formats ?? []) formats.set(format.id, format);
    for (const signer of plugin.signers ?? []) signers.set(signer.id, signer);
    for (const adapter of plugin.adapters ?? []) adapters.set(adapter.id, adapter);
    for (const module of plugin.providers ?? []) {
      const { row } = module;
      rows.add(row);
      const transport = made.of(module);
      // A row that takes another one's place must not be answered by that one's transport.
      if (transport === null) transports.delete(row.id);
      else transports.set(row.id, transport);
    }
  }
  return { formats, signers, adapters, rows, transports };
}
