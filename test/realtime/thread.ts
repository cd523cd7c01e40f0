import type { Plugin, SettledRecord } from '@headgate/sdk';
import { source } from '../../bin/parts.js';
import { PriceTable } from '../../core/catalog/prices/price-table.js';
import type { Control } from '../../core/control.js';
import { HttpServer } from '../../core/http/server.js';
import { IoThread } from '../../core/io-thread.js';
import { loadWithPlugins } from '../../core/plugin/load-config.js';
import { PluginLogger } from '../../core/plugin/logger.js';
import { createCounterMemory } from '../../core/state/counter-memory.js';
import { KeyValues } from '../../core/state/key-values.js';

/** An I/O thread with its server, in the process of the test. */
export interface Thread {
  readonly io: IoThread;
  readonly url: string;
  /** What it settled so far. */
  readonly records: SettledRecord[];
  close(): Promise<void>;
}

/** What the main thread would be, as far as sessions ask it. */
export function plainControl(): Control {
  const values = new KeyValues();
  let slots = 0;
  const control: Partial<Control> = {
    counterSlot: async () => slots++,
    kvGet: async (key) => values.get(key),
    kvSet: async (key, value, ttlMs) => values.set(key, value, ttlMs),
    kvDelete: async (key) => values.delete(key),
    countTokens: async () => 0,
    ownersOf: async () => [],
    own: async () => undefined,
    signingKeys: async () => null,
    used: async () => ({ requests: 0, inputTokens: 0, outputTokens: 0, nanos: 0 }),
  };
  return control as Control;
}

/** @param plugins run in this order, beside those that come with the gateway */
export async function startThread(
  config: object,
  given: { control?: Control; plugins?: readonly Plugin[] } = {},
): Promise<Thread> {
  const own = { ...source, builtins: [...source.builtins, ...(given.plugins ?? [])] };
  const loaded = await loadWithPlugins({ data: config, cwd: process.cwd(), env: {} }, own);
  const records: SettledRecord[] = [];
  const io = new IoThread({
    source: own,
    control: given.control ?? plainControl(),
    counters: createCounterMemory(64),
    keySecret: 'only-for-this-test',
    prices: PriceTable.load(),
    log: new PluginLogger(() => undefined),
    record: (record) => records.push(record),
    count: () => undefined,
  });
  await io.prepare(loaded.config);
  io.commit();
  const server = new HttpServer(io);
  const port = await server.listen('127.0.0.1', 0);
  return {
    io,
    url: `http://127.0.0.1:${port}`,
    records,
    async close() {
      server.close();
      await io.close();
    },
  };
}
