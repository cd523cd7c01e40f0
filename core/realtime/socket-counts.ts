import type { Reservation } from '@headgate/sdk';
import type { Control } from '../control.js';
import { gatewayError } from '../errors.js';
import type { VirtualKey } from '../identity/virtual-key.js';
import { SharedGroup } from '../state/counter-group.js';
import { CounterMemory } from '../state/counter-memory.js';
import { openShared } from '../state/open-counter.js';

/** How many WebSockets each limited key has open, over all threads and nodes. */
export class SocketCounts {
  private readonly counters = new Map<string, Promise<SharedGroup>>();

  constructor(
    private readonly control: Control,
    private readonly memory: SharedArrayBuffer,
  ) {}

  /** Takes one for a key with a limit; settled with 0 it is free again. Rejects with `too_many_sockets`. */
  async take({ id, name }: VirtualKey, limit: number): Promise<Reservation> {
    const counter = await this.counterOf(id);
    const taken = await counter.reserve([1], [limit]);
    if (taken.refused === null)
      return { total: taken.totals[0] as number, settle: (used) => taken.settle([used]) };
    if (taken.unavailable) throw gatewayError('counters_unavailable', { of: `Key '${name}'` });
    throw gatewayError('too_many_sockets', { key: name, limit });
  }

  private counterOf(id: string): Promise<SharedGroup> {
    let counter = this.counters.get(id);
    if (counter === undefined) {
      counter = openShared(this.memory, this.control, `core:sockets:${id}`).then((one) =>
        SharedGroup.of([one], CounterMemory.of(this.memory), this.control),
      );
      counter.catch(() => this.counters.delete(id));
      this.counters.set(id, counter);
    }
    return counter;
  }
}
