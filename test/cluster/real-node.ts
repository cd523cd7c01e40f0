import { randomBytes } from 'node:crypto';
import type { CounterOptions, GroupRefusal, GroupReservation } from '@headgate/sdk';
import { Cluster } from '../../core/cluster/cluster.js';
import type { ClusterPolicy } from '../../core/cluster/lessor.js';
import type { EarlierLives } from '../../core/cluster/settle-lives.js';
import { SharedGroup } from '../../core/state/counter-group.js';
import { CounterMemory, createCounterMemory } from '../../core/state/counter-memory.js';
import { CounterNames } from '../../core/state/counter-names.js';
import { openShared } from '../../core/state/open-counter.js';
import type { Place } from '../../core/state/place.js';
import type { RedisTarget } from '../../core/store/redis/redis-target.js';

/** What one node of a cluster has of counters, without a gateway around it. */
export interface RealNode {
  readonly cluster: Cluster;
  readonly said: string[];
  /** The errors that were told with that. */
  readonly why: string[];
  open(name: string, options?: CounterOptions): Promise<RealCounter>;
  /** Counters that requests take from together. */
  group(...counters: RealCounter[]): SharedGroup;
}

export interface RealCounter {
  readonly place: Place;
  /** Used and reserved on this node. */
  count(): number;
  take(amount: number, cap: number): Promise<GroupReservation | GroupRefusal>;
}

export const single = (url: string): RedisTarget => ({ urls: [url], kind: 'single', master: '' });

export async function startNode(
  target: RedisTarget,
  name: string,
  policy: ClusterPolicy = 'local-share',
  node = `node-${Math.random().toString(36).slice(2)}`,
  earlier: EarlierLives = { names: [], used: async () => null, forget: async () => {} },
  nodesOfLate = 1,
): Promise<RealNode> {
  const counters = createCounterMemory(64);
  const said: string[] = [];
  const why: string[] = [];
  const log = (_level: string, message: string, fields?: object): void => {
    said.push(message);
    why.push(String((fields as { error?: unknown } | undefined)?.error ?? ''));
  };
  const cluster = await Cluster.start({
    target,
    policy,
    name,
    node,
    boot: randomBytes(6).toString('hex'),
    earlier,
    nodesOfLate: async () => nodesOfLate,
    counters,
    log,
  });
  const names = new CounterNames(64);
  const places = {
    counterSlot: async (
      ...[counter, size, window]: Parameters<Parameters<typeof openShared>[1]['counterSlot']>
    ) => {
      const slot = names.slot(counter, size);
      cluster.share(slot, counter, window);
      return slot;
    },
  };
  return {
    cluster,
    said,
    why,
    group: (...all) =>
      SharedGroup.of(
        all.map(({ place }) => place),
        CounterMemory.of(counters),
        cluster,
      ),
    async open(counter, options) {
      const place = await openShared(counters, places, counter, options);
      const memory = CounterMemory.of(counters);
      const group = SharedGroup.of([place], memory, cluster);
      return {
        place,
        count() {
          memory.lock.acquire();
          const count = place.count(place.now());
          memory.lock.release();
          return count;
        },
        take: async (amount, cap) => group.reserve([amount], [cap]),
      };
    },
  };
}
