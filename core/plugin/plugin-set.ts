import {
  type Plugin,
  type ProviderModule,
  type ProviderRow,
  providerRow,
  type Signer,
  type Transport,
  type WireFormat,
} from '@headgate/sdk';
import type { Config, PluginConfig } from '../config/config.js';
import { NOWHERE } from '../config/yaml-file.js';
import type { AnyBound } from '../plan/plan.js';
import { bindHooks } from './bind.js';
import { createHost, type HostParts, type PluginRoute } from './host.js';
import { implied } from './implied.js';
import { type Loaded, loadPlugin, type PluginSource } from './load.js';
import { type PluginPlace, pluginProblem } from './plugin-problem.js';
import { within } from './within.js';

/** What a start, a reload or a stop waits for at most, for one plugin. */
const SETUP_MS = 30_000;
const CLOSE_MS = 5_000;

/** A plugin that is set up in this thread. */
interface Running {
  readonly name: string;
  readonly plugin: Plugin;
  readonly signature: string;
  readonly hooks: readonly AnyBound[];
  readonly routes: readonly PluginRoute[];
}

/** What all plugins of a configuration bring together. */
export interface Equipment {
  readonly formats: ReadonlyMap<string, WireFormat>;
  readonly signers: ReadonlyMap<string, Signer>;
  readonly rows: ReadonlyMap<string, ProviderRow>;
  readonly transports: ReadonlyMap<string, Transport>;
  readonly hooks: readonly AnyBound[];
  readonly routes: readonly PluginRoute[];
  /** Closes the plugins that this configuration no longer has; call it once the new one is in use. */
  readonly retire: () => Promise<void>;
}

/** The plugins of one thread, over reloads: one whose module and settings did not change keeps running. */
export class PluginSet {
  private running: readonly Running[] = [];
  /** Set up for a configuration that was never put to use. */
  private unused: readonly Running[] = [];
  private readonly transports = new Map<ProviderModule, Transport>();

  constructor(
    private readonly source: PluginSource,
    private readonly parts: HostParts,
  ) {}

  /** Loads and sets up what the config asks for. Throws a PluginProblem and changes nothing when one of them fails. */
  async equip(config: Config): Promise<Equipment> {
    await this.closeAll(this.unused);
    this.unused = [];
    const before = this.running;
    const after: Running[] = [];
    const fresh = (): Running[] => after.filter((one) => !before.includes(one));
    try {
      for (const plugin of this.source.builtins) {
        const kept = before.find((one) => one.plugin === plugin);
        after.push(kept ?? (await this.start(builtin(plugin), null, listed(null))));
      }
      const switchedOn = implied(config);
      for (const [position, entry] of [...switchedOn, ...config.plugins].entries()) {
        const index = position - switchedOn.length;
        const place = listed(index < 0 ? null : index);
        const loaded = await loadPlugin(entry, this.source, place);
        const kept = before.find((one) => one.signature === loaded.signature && !after.includes(one));
        after.push(kept ?? (await this.start(loaded, entry, place)));
      }
      const collected = this.collect(after);
      this.unused = fresh();
      return { ...collected, retire: () => this.use(after) };
    } catch (error) {
      await this.closeAll(fresh());
      throw error;
    }
  }

  /** The configuration that these were set up for is in use: the ones it no longer has are closed. */
  private use(after: readonly Running[]): Promise<void> {
    const gone = this.running.filter((one) => !after.includes(one));
    this.running = after;
    this.unused = [];
    return this.closeAll(gone);
  }

  async close(): Promise<void> {
    await this.closeAll([...this.running, ...this.unused]);
    this.running = [];
    this.unused = [];
    for (const transport of this.transports.values()) await transport.close?.();
    this.transports.clear();
  }

  private async start(loaded: Loaded, entry: PluginConfig | null, place: PluginPlace): Promise<Running> {
    const { plugin } = loaded;
    const name = entry?.name ?? plugin.name;
    const routes: PluginRoute[] = [];
    const host = createHost(name, this.parts, routes);
    try {
      const returned = await within(SETUP_MS, async () => plugin.setup?.(host, loaded.settings));
      const hooks = bindHooks(returned, {
        name,
        needs: plugin.needs,
        order: entry?.order ?? null,
        onFailure: entry?.onFailure ?? null,
        timeoutMs: entry?.timeoutMs ?? null,
        log: this.parts.log.child({ plugin: name }),
      });
      return { name, plugin, signature: loaded.signature, hooks, routes };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw pluginProblem(place, [], { what: `the plugin "${name}" could not be set up: ${why}` });
    }
  }

  /** One that fails to close, or never comes to an end of it, does not keep the others from closing. */
  private async closeAll(running: readonly Running[]): Promise<void> {
    for (const { plugin, name } of running) {
      if (plugin.close === undefined) continue;
      try {
        await within(CLOSE_MS, async () => plugin.close?.());
      } catch (error) {
        const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
        this.parts.log.child({ plugin: name }).error('close failed', { error: why });
      }
    }
  }

  private collect(running: readonly Running[]): Omit<Equipment, 'retire'> {
    const formats = new Map<string, WireFormat>();
    const signers = new Map<string, Signer>();
    const rows = new Map<string, ProviderRow>();
    const transports = new Map<string, Transport>();
    for (const { plugin } of running) {
      for (const format of plugin.formats ?? []) formats.set(format.id, format);
      for (const signer of plugin.signers ?? []) signers.set(signer.id, signer);
      for (const module of plugin.providers ?? []) {
        const row = providerRow.parse(module.row);
        rows.set(row.id, row);
        if (module.transport !== undefined)
          transports.set(row.id, this.transportOf(module, module.transport));
      }
    }
    return {
      formats,
      signers,
      rows,
      transports,
      hooks: running.flatMap((one) => one.hooks),
      routes: running.flatMap((one) => one.routes),
    };
  }

  private transportOf(module: ProviderModule, make: () => Transport): Transport {
    const known = this.transports.get(module) ?? make();
    this.transports.set(module, known);
    return known;
  }
}

/** Those that are always there have no settings. */
function builtin(plugin: Plugin): Loaded {
  return { plugin, settings: {}, signature: `builtin ${plugin.name}` };
}

function listed(index: number | null): PluginPlace {
  return { path: index === null ? [] : ['plugins', index], locator: NOWHERE };
}
