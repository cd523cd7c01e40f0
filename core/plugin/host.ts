import {
  type CounterOptions,
  type Host,
  measured,
  type Reply,
  type RouteRequest,
  type Slot,
} from '@headgate/sdk';
import type { Control } from '../control.js';
import { SharedGroup } from '../state/counter-group.js';
import { CounterMemory } from '../state/counter-memory.js';
import { openShared } from '../state/open-counter.js';
import type { GuardedFetch } from '../upstream/guarded-fetch.js';
import type { PluginLogger } from './logger.js';

export interface HostParts {
  readonly control: Control;
  readonly counters: SharedArrayBuffer;
  readonly log: PluginLogger;
  readonly count: (name: string, by: number, labels: Record<string, string>) => void;
}

export interface PluginRoute {
  readonly method: string;
  readonly path: string;
  readonly handler: (request: RouteRequest) => Reply | Promise<Reply>;
}

/**
 * What one plugin may use of the gateway, under its own name.
 *
 * @param takeSlot a place for state of a request that no other plugin of the configuration has
 */
export function createHost(
  plugin: string,
  parts: HostParts,
  routes: PluginRoute[],
  outbound: { readonly current: GuardedFetch },
  takeSlot: () => number,
): Host {
  const { control } = parts;
  const own = (name: string): string => `${plugin}:${name}`;
  return {
    plugin,
    log: parts.log.child({ plugin }),
    kv: {
      get: <T>(key: string) => control.kvGet(own(key)) as Promise<T | undefined>,
      set: (key, value, options) => control.kvSet(own(key), value, options?.ttlMs),
      delete: (key) => control.kvDelete(own(key)),
    },
    counters: {
      open: (name, options = {}) =>
        openShared(parts.counters, control, own(name), restored(options, control)),
      group: (counters) => SharedGroup.of(counters, CounterMemory.of(parts.counters), control),
    },
    tasks: { countTokens: (model, text) => control.countTokens(model, text) },
    metrics: { count: (name, by = 1, labels = {}) => parts.count(own(name), by, labels) },
    clock: { now: Date.now, monotonic: () => performance.now() },
    used: (of, since) => control.used(of, since),
    fetch: (url, init) => outbound.current.fetch(url, init),
    route(method, path, handler) {
      if (!path.startsWith('/')) throw new Error(`a route must begin with "/", not "${path}"`);
      routes.push({ method: method.toUpperCase(), path: `/plugins/${plugin}${path}`, handler });
    },
    slot: <S>(create: () => S): Slot<S> => ({ index: takeSlot(), create }),
  };
}

/** What the ledger counts is restored from it. */
function restored(options: CounterOptions, control: Pick<Control, 'used'>): CounterOptions {
  const { counts } = options;
  if (counts === undefined) return options;
  const restore = async (since: number): Promise<number> =>
    measured(counts.measure, await control.used(counts.by, since));
  return { restore, ...options };
}
