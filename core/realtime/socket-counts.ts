import type { Counter, Reservation } from '@headgate/sdk';
import type { Control } from '../control.js';
import { gatewayError } from '../errors.js';
import type { VirtualKey } from '../identity/virtual-key.js';
import { openCounter } from '../state/open-counter.js';

/** How many WebSockets each limited key has open, over all threads. */
export class SocketCounts {
  private readonly counters = new Map<string, Promise<Counter>>();

  constructor(
    private readonly control: Control,
    private readonly memory: SharedArrayBuffer,
  ) {}

  /** Takes one for a key with a limit; settled with 0 it is free again. Rejects with `too_many_sockets`. */
  async take({ id, name }: VirtualKey, limit: number): Promise<Reservation> {
    const counter = await this.counterOf(id);
    const taken = counter.reserve(1, limit);
    if (taken === null) throw gatewayError('too_many_sockets', { key: name, limit });
    return taken;
  }

  private counterOf(id: string): Promise<Counter> {
    let counter = this.counters.get(id);
    if (counter === undefined) {
      counter = this.control
        .counterSlot(`core:sockets:${id}`, 1)
        .then((slot) => openCounter(this.memory, slot));
      counter.catch(() => this.counters.delete(id));
      this.counters.set(id, counter);
    }
    return counter;
  }
}
