import type { Clock, Host, RouteRequest, Slot, UsedBy, UsedSoFar } from '../host.js';
import { measured } from '../measured.js';
import type { Reply } from '../reply.js';
import { ROLLING_MS, type WindowOptions, windowsOf } from '../window.js';
import { MemoryCounter } from './memory-counter.js';
import { memoryGroup } from './memory-group.js';
import { MemoryRolling } from './memory-rolling.js';

/** A clock that stands still until a test moves it. */
export interface FakeClock extends Clock {
  /** Moves both clocks on. */
  advance(ms: number): void;
}

export interface LogEntry {
  level: 'debug' | 'info' | 'warn' | 'error';
  message: string;
  fields: Record<string, unknown>;
}

/** One call of `host.metrics.count`. */
export interface Counted {
  name: string;
  by: number;
  labels: Record<string, string>;
}

export interface FakeHostOptions {
  /** Name of the plugin. Default `plugin-under-test`. */
  plugin?: string;
  /** Unix milliseconds at which the clock stands. Default 2026-01-01T00:00:00Z. */
  now?: number;
  /** Answers `host.fetch`. Without it a fetch fails, so that no test reaches a network by mistake. */
  fetch?: Host['fetch'];
  /** Answers `host.tasks.countTokens`. Default: a quarter of the characters, rounded up. */
  countTokens?: (model: string, text: string) => number | Promise<number>;
  /** Answers `host.used`; what it leaves out is zero. Default: nothing was used. */
  used?: (of: UsedBy, since: number) => Partial<UsedSoFar> | Promise<Partial<UsedSoFar>>;
}

/** A host in memory, and what the plugin did with it. */
export interface FakeHost extends Host {
  readonly clock: FakeClock;
  /** Everything logged so far, by the host's and by the views' log. */
  readonly logs: readonly LogEntry[];
  readonly counted: readonly Counted[];
  /** Calls a route that the plugin has registered; rejects when there is none of that method and path. */
  callRoute(method: string, path: string, request?: Partial<FakeRouteRequest>): Promise<Reply>;
}

export interface FakeRouteRequest {
  query: string;
  headers: Record<string, string>;
  body: string | Uint8Array;
}

interface Entry {
  value: unknown;
  until: number;
}

let slots = 0;

function counterOf(clock: FakeClock, options: WindowOptions): MemoryCounter | MemoryRolling {
  const { rolling, period, windowMs } = options;
  if (rolling !== true) return new MemoryCounter(clock, windowsOf(options));
  return new MemoryRolling(clock, period === undefined ? (windowMs ?? 0) : ROLLING_MS[period]);
}

/** A host whose store, counters, clock and log are the test's own. */
export function fakeHost(options: FakeHostOptions = {}): FakeHost {
  const plugin = options.plugin ?? 'plugin-under-test';
  const clock = fakeClock(options.now ?? Date.UTC(2026, 0, 1));
  const entries = new Map<string, Entry>();
  const counters = new Map<string, MemoryCounter | MemoryRolling>();
  const logs: LogEntry[] = [];
  const counted: Counted[] = [];
  const routes = new Map<string, (request: RouteRequest) => Reply | Promise<Reply>>();
  const used: Host['used'] = async (of, since) => ({
    requests: 0,
    inputTokens: 0,
    outputTokens: 0,
    nanos: 0,
    ...(await options.used?.(of, since)),
  });
  const line =
    (level: LogEntry['level']) =>
    (message: string, fields: Record<string, unknown> = {}): void => {
      logs.push({ level, message, fields });
    };
  return {
    plugin,
    clock,
    logs,
    counted,
    log: { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') },
    kv: {
      async get<T>(key: string): Promise<T | undefined> {
        const entry = entries.get(key);
        return entry !== undefined && entry.until > clock.now()
          ? (structuredClone(entry.value) as T)
          : undefined;
      },
      async set(key, value, { ttlMs = Number.POSITIVE_INFINITY } = {}) {
        entries.set(key, { value: structuredClone(value), until: clock.now() + ttlMs });
      },
      async delete(key) {
        entries.delete(key);
      },
    },
    counters: {
      async open(name, given = {}) {
        const counter = counters.get(name) ?? counterOf(clock, given);
        counters.set(name, counter);
        const {
          counts,
          restore = counts && (async (since) => measured(counts.measure, await used(counts.by, since))),
        } = given;
        if (restore !== undefined) await counter.restore(restore);
        return counter;
      },
      group: memoryGroup,
    },
    tasks: {
      countTokens: async (model, text) => options.countTokens?.(model, text) ?? Math.ceil(text.length / 4),
    },
    metrics: {
      count(name, by = 1, labels = {}) {
        counted.push({ name, by, labels });
      },
    },
    used,
    fetch:
      options.fetch ??
      (async (url) => {
        throw new Error(`the plugin fetched ${url}; give fakeHost a "fetch" that answers it`);
      }),
    route(method, path, handler) {
      if (!path.startsWith('/')) throw new Error(`a route must begin with "/", not "${path}"`);
      routes.set(`${method.toUpperCase()} ${path}`, handler);
    },
    slot: <S>(create: () => S): Slot<S> => ({ index: slots++, create }),
    async callRoute(method, path, request = {}) {
      const handler = routes.get(`${method.toUpperCase()} ${path}`);
      if (handler === undefined) throw new Error(`the plugin has no route ${method.toUpperCase()} ${path}`);
      const { query = '', headers = {}, body = '' } = request;
      return handler({
        method: method.toUpperCase(),
        path: `/plugins/${plugin}${path}`,
        query,
        headers: readerOf(headers),
        body: typeof body === 'string' ? new TextEncoder().encode(body) : body,
      });
    },
  };
}

function fakeClock(start: number): FakeClock {
  let passed = 0;
  return {
    now: () => start + passed,
    monotonic: () => passed,
    advance(ms) {
      passed += ms;
    },
  };
}

/** Reads headers by name, in whatever case they were given. */
export function readerOf(headers: Readonly<Record<string, string>>): {
  get(name: string): string | undefined;
} {
  const lower = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return { get: (name) => lower.get(name.toLowerCase()) };
}
