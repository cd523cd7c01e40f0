import type { SettledRecord } from '@headgate/sdk';
import type { SettledConsumer } from '../observe/settled-detail.js';

const SLOT_MS = 15_000;
/** An hour. */
const MOST_SLOTS = 240;
const MOST_MODELS = 300;
const OTHER = 'other';
/** Milliseconds; from a tenth of a second to ten minutes, each a fifth more than the one before. */
const BOUNDS = Array.from({ length: 49 }, (_, i) => 100 * 1.2 ** i);

interface Slot {
  at: number;
  requests: number;
  failures: number;
  readonly durations: Uint32Array;
}

/** What requests to one model were like in the time asked for. */
export interface ModelWindow {
  readonly model: string;
  readonly requests: number;
  /** Answers of 5xx, and none where one was due. */
  readonly failures: number;
  /** Milliseconds that 95 % of them took at most; 0 without any. */
  readonly p95Ms: number;
}

/** Requests of the last hour by model, for the rules of alerts. Told of settled records. */
export class RequestWindow implements SettledConsumer {
  private readonly models = new Map<string, Slot[]>();

  constructor(private readonly now: () => number = Date.now) {}

  take(records: Iterable<SettledRecord>): void {
    const at = Math.floor(this.now() / SLOT_MS);
    for (const record of records) {
      // A refusal of the gateway itself says nothing about a model.
      if (record.provider === '') continue;
      const slot = this.slot(record.model, at);
      slot.requests++;
      if (record.outcome === 'error' && record.status >= 500) slot.failures++;
      let i = 0;
      while (i < BOUNDS.length && record.totalMs > (BOUNDS[i] as number)) i++;
      slot.durations[i]!++;
    }
  }

  /** @param windowMs up to an hour */
  over(windowMs: number): ModelWindow[] {
    const from = Math.floor((this.now() - windowMs) / SLOT_MS);
    return [...this.models].map(([model, slots]) => {
      const recent = slots.filter(({ at }) => at > from);
      const durations = new Float64Array(BOUNDS.length + 1);
      let [requests, failures] = [0, 0];
      for (const slot of recent) {
        requests += slot.requests;
        failures += slot.failures;
        for (let i = 0; i < durations.length; i++) durations[i]! += slot.durations[i] as number;
      }
      return { model, requests, failures, p95Ms: percentile(durations, requests) };
    });
  }

  async close(): Promise<void> {}

  private slot(model: string, at: number): Slot {
    let slots = this.models.get(model);
    if (slots === undefined) {
      if (this.models.size >= MOST_MODELS && model !== OTHER) return this.slot(OTHER, at);
      slots = [];
      this.models.set(model, slots);
    }
    const last = slots.at(-1);
    if (last?.at === at) return last;
    const slot = { at, requests: 0, failures: 0, durations: new Uint32Array(BOUNDS.length + 1) };
    slots.push(slot);
    while (slots.length > MOST_SLOTS) slots.shift();
    return slot;
  }
}

function percentile(durations: Float64Array, requests: number): number {
  if (requests === 0) return 0;
  let count = 0;
  for (let i = 0; i < durations.length; i++) {
    count += durations[i] as number;
    if (count >= requests * 0.95) return BOUNDS[i] ?? Number.POSITIVE_INFINITY;
  }
  return Number.POSITIVE_INFINITY;
}
