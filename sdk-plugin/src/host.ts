import type { LinkKind, Measure } from './chain.js';
import type { Reply } from './reply.js';
import type { WindowOptions } from './window.js';

/** Structured log with the plugin's name on every line. */
export interface Logger {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

/**
 * A key-value store shared by all threads, and by the nodes of a cluster, where a value may have a megabyte at most. Values are
 * anything `structuredClone` can copy.
 */
export interface KeyValueStore {
  get<T>(key: string): Promise<T | undefined>;
  /** `ttlMs`: forget it after that time. */
  set(key: string, value: unknown, options?: { ttlMs?: number }): Promise<void>;
  delete(key: string): Promise<void>;
}

/**
 * A number shared by all threads, moved atomically. Whole numbers up to 2^53. With a window it starts again from zero
 * at each boundary of that window. The nodes of a cluster share it too; without a window it counts what runs: a node that is
 * gone takes its part with it.
 */
export interface Counter {
  /** Of other nodes, what was last heard of them. */
  value(): number;
  /** Adds and returns the new value. */
  add(delta: number): number;
  /**
   * Adds only if the sum stays at or below `cap`; null when it would not, and nothing was added. In a cluster it takes of what
   * this node holds already; a group asks the others too.
   */
  reserve(amount: number, cap: number): Reservation | null;
  /** Unix milliseconds at which it starts again from zero; Infinity without a window. */
  resetsAt(): number;
}

/** Whose requests are meant. */
export interface UsedBy {
  readonly kind: LinkKind;
  readonly id: string;
}

/** What some requests used together. */
export interface UsedSoFar {
  readonly requests: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Nano-dollars. */
  readonly nanos: number;
}

/** An amount taken from a counter before it is known how much will be used. */
export interface Reservation {
  /** The counter's value with it. */
  readonly total: number;
  /**
   * Puts what was really used in the place of the amount, in the window it was taken from: when that is over, nothing
   * changes, since a later window never held it. May be called again when more is known.
   */
  settle(used: number): void;
}

export interface CounterOptions extends WindowOptions {
  /**
   * It counts what the ledger counts: how much of that measure these requests used. The gateway then restores it by itself,
   * and what a node of a cluster had reserved when it crashed is given back once its records are in the ledger.
   */
  counts?: { readonly by: UsedBy; readonly measure: Measure };
  /**
   * What was counted since then (unix milliseconds, the start of the window of now) as far as a record outside this
   * process knows. Asked before `open` resolves; the count of that window is raised to it if it is less.
   */
  restore?: (since: number) => Promise<number>;
}

/** What was taken from all counters of a group. */
export interface GroupReservation {
  readonly refused: null;
  /** The value of each counter with it. */
  readonly totals: readonly number[];
  /**
   * Puts what was really used in the place of each amount, as {@link Reservation.settle} does; NaN leaves an amount as it is.
   * May be called again when more is known.
   */
  settle(used: readonly number[]): void;
}

/** Nothing was taken. */
export interface GroupRefusal {
  /** Place of the counter in the group that would have passed its cap. */
  readonly refused: number;
  /** True: nobody can tell, since what the nodes of a cluster share does not answer. */
  readonly unavailable: boolean;
}

/** Counters that a request takes from together. */
export interface CounterGroup {
  readonly size: number;
  /**
   * Takes an amount from each counter, or, when one of them would pass its cap, nothing at all. The group keeps `amounts`. A
   * promise only where nodes of a cluster share the counters, and this one must ask the others: look at the view's `ended` then,
   * since what is taken for a request that is over must be given back.
   */
  reserve(
    amounts: number[],
    caps: readonly number[],
  ): GroupReservation | GroupRefusal | Promise<GroupReservation | GroupRefusal>;
}

export interface Counters {
  /** The counter of that name, the same in every thread and over reloads; names are private to the plugin. */
  open(name: string, options?: CounterOptions): Promise<Counter>;
  /** Counters, in that order, that requests take from together: it costs less than from each, and there is nothing to give back. */
  group(counters: readonly Counter[]): CounterGroup;
}

/** CPU work that runs on the worker pool. */
export interface Tasks {
  /** Tokens of a text under the model's tokenizer, or the nearest known one. */
  countTokens(model: string, text: string): Promise<number>;
}

export interface Metrics {
  /** Adds to a counter named `headgate_plugin_<plugin>_<name>`. */
  count(name: string, by?: number, labels?: Record<string, string>): void;
}

export interface RouteRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: { get(name: string): string | undefined };
  readonly body: Uint8Array;
}

/** Per-request state of one plugin, made on first use by `view.state(slot)`. */
export interface Slot<S> {
  readonly index: number;
  readonly create: () => S;
}

export interface Clock {
  /** Unix milliseconds. */
  now(): number;
  /** Milliseconds of a clock that never jumps. */
  monotonic(): number;
}

/** What the gateway gives a plugin at set-up, once in each I/O thread. */
export interface Host {
  readonly plugin: string;
  readonly log: Logger;
  readonly kv: KeyValueStore;
  readonly counters: Counters;
  readonly tasks: Tasks;
  readonly metrics: Metrics;
  readonly clock: Clock;
  /**
   * What the requests used that are counted for one of the principal's chain and arrived since then, unix milliseconds, by
   * the ledger: settled requests of earlier runs of the gateway are in it, running ones are not.
   */
  used(of: UsedBy, since: number): Promise<UsedSoFar>;
  /**
   * Outbound HTTP to public addresses, and to the hosts and networks that the operator allows in `server.fetch_allow`.
   * Redirects are not followed. Rejects when the address may not be fetched from, after `timeoutMs` (10 s), and for an
   * answer over 10 MB.
   */
  fetch(
    url: string,
    init?: { method?: string; headers?: Record<string, string>; body?: string; timeoutMs?: number },
  ): Promise<{
    status: number;
    headers: Record<string, string>;
    text(): Promise<string>;
  }>;
  /** Serves an extra path under `/plugins/<plugin>`. */
  route(method: string, path: string, handler: (request: RouteRequest) => Reply | Promise<Reply>): void;
  slot<S>(create: () => S): Slot<S>;
}
