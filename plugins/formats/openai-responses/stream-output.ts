import type { JsonObject, StreamEvent } from '@headgate/sdk';
import type { ItemIds } from './ids.js';
import type { SequencedEvents } from './stream-events.js';
import { marksOf } from './types.js';

export type PartStart = Extract<StreamEvent, { type: 'part-start' }>;
export type Delta = Extract<StreamEvent, { type: 'part-delta' }>;

/** What the items of one stream share. */
export interface OutputStream {
  same: boolean;
  ids: ItemIds;
  events: SequencedEvents;
}

/** The members of an item that its first part brought, and an id in any case. */
export function members(start: PartStart, prefix: string, index: number, stream: OutputStream): JsonObject {
  const own = stream.same ? marksOf(start).item : undefined;
  return { id: stream.ids.of(prefix, index), ...own };
}

export function place(item: JsonObject, index: number): string {
  return `"item_id":${JSON.stringify(item['id'])},"output_index":${index}`;
}

/** One item that is being written. Each method returns the events to send. */
export interface OutputItem {
  readonly kind: 'message' | 'reasoning' | 'call';
  /** Takes a part; only a message or reasoning gets more than one. */
  part(start: PartStart): string;
  delta(event: Delta): string;
  partEnd(number: number): string;
  /** The end of the item: what is still open, then the item as it is at last. */
  close(status: string): { text: string; item: JsonObject };
}
