import type { Plugin } from '@headgate/sdk';
import type { Config, PluginConfig } from '../config/config.js';
import { NOWHERE } from '../config/locator.js';
import type { AnyBound } from '../plan/plan.js';
import { GuardedFetch } from '../upstream/guarded-fetch.js';
import { bindHooks } from './bind.js';
import { collect, type Equipment } from './equipment.js';
import { createHost, type HostParts, type PluginRoute } from './host.js';
import { implied } from './implied.js';
import { type Loaded, loadPlugin, type PluginSource } from './load.js';
import { LocalTransports } from './local-transports.js';
import { type PluginPlace, pluginProblem } from './plugin-problem.js';
import { SlotPlaces } from './slot-places.js';
import { within } from './within.js';

export type { Equipment };

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
  /** What its `host.fetch` goes through: another one when a reload changes where it may go. */
  readonly outbound: { current: GuardedFetch };
  /** Places of its slots, free for others once it is closed. */
  readonly slots: readonly number[];
}

/** The plugins of one thread, over reloads: one whose module and settings did not change keeps running. */
export class PluginSet {
  private running: readonly Running[] = [];
  /** Set up for a configuration that was never put to use. */
  private unused: readonly Running[] = [];
  private readonly transports: LocalTransports;
  private readonly slotPlaces = new SlotPlaces();
  private outbound = new GuardedFetch([]);

  constructor(
    private readonly source: PluginSource,
    private readonly parts: HostParts,
  ) {
    this.transports = new LocalTransports((error) =>
      parts.log.error('the transport of a provider failed to close', { error: textOf(error) }),
    );
  }

  /** Loads and sets up what the config asks for. Throws a PluginProblem and changes nothing when one of them fails. */
  async equip(config: Config): Promise<Equipment> {
    await this.closeAll(this.unused);
    this.unused = [];
    const before = this.running;
    await this.transports.keep(before.map(({ plugin }) => plugin));
    const { fetchAllow } = config.server;
    const outbound = this.outbound.obeys(fetchAllow) ? this.outbound : new GuardedFetch(fetchAllow);
    const after: Running[] = [];
    const fresh = (): Running[] => after.filter((one) => !before.includes(one));
    try {
      for (const plugin of this.source.builtins) {
        const kept = before.find((one) => one.plugin === plugin);
        after.push(kept ?? (await this.start(builtin(plugin), null, listed(null), outbound)));
      }
      const switchedOn = implied(config);
      for (const [position, entry] of [...switchedOn, ...config.plugins].entries()) {
        const index = position - switchedOn.length;
        const place = listed(index < 0 ? null : index);
        const loaded = await loadPlugin(entry, this.source, place);
        const kept = before.find((one) => one.signature === loaded.signature && !after.includes(one));
        after.push(kept ?? (await this.start(loaded, entry, place, outbound)));
      }
      const plugins = after.map(({ plugin }) => plugin);
      const brought = collect(plugins, this.transports);
      this.unused = fresh();
      return {
        ...brought,
        hooks: after.flatMap(({ hooks }) => hooks),
        routes: after.flatMap(({ routes }) => routes),
        retire: () => this.use(after, outbound),
      };
    } catch (error) {
      await this.closeAll(fresh());
      if (outbound !== this.outbound) await outbound.close();
      throw error;
    }
  }

  /** The configuration that these were set up for is in use: the ones it no longer has are closed. */
  private async use(after: readonly Running[], outbound: GuardedFetch): Promise<void> {
    const gone = this.running.filter((one) => !after.includes(one));
    const former = this.outbound;
    this.running = after;
    this.unused = [];
    this.outbound = outbound;
    for (const one of after) one.outbound.current = outbound;
    const ended = this.transports.keep(after.map(({ plugin }) => plugin));
    await this.closeAll(gone);
    await ended;
    if (former !== outbound) await former.close();
  }

  async close(): Promise<void> {
    await this.closeAll([...this.running, ...this.unused]);
    this.running = [];
    this.unused = [];
    await this.transports.keep([]);
    await this.outbound.close();
  }

  private async start(
    loaded: Loaded,
    entry: PluginConfig | null,
    place: PluginPlace,
    fetcher: GuardedFetch,
  ): Promise<Running> {
    const { plugin } = loaded;
    const name = entry?.name ?? plugin.name;
    const routes: PluginRoute[] = [];
    const outbound = { current: fetcher };
    const slots: number[] = [];
    const host = createHost(name, this.parts, routes, outbound, () => {
      const place = this.slotPlaces.take();
      slots.push(place);
      return place;
    });
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
      return { name, plugin, signature: loaded.signature, hooks, routes, outbound, slots };
    } catch (error) {
      this.slotPlaces.giveBack(slots);
      const why = error instanceof Error ? error.message : String(error);
      throw pluginProblem(place, [], { what: `the plugin "${name}" could not be set up: ${why}` });
    }
  }

  /** One that fails to close, or never comes to an end of it, does not keep the others from closing. */
  private async closeAll(running: readonly Running[]): Promise<void> {
    for (const { plugin, name, slots } of running) {
      this.slotPlaces.giveBack(slots);
      if (plugin.close === undefined) continue;
      try {
        await within(CLOSE_MS, async () => plugin.close?.());
      } catch (error) {
        this.parts.log.child({ plugin: name }).error('close failed', { error: textOf(error) });
      }
    }
  }
}

/** Those that are always there have no settings. */
function builtin(plugin: Plugin): Loaded {
  return { plugin, settings: {}, signature: `builtin ${plugin.name}` };
}

function listed(index: number | null): PluginPlace {
  return { path: index === null ? [] : ['plugins', index], locator: NOWHERE };
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
