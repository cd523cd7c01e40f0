import type { JsonObject, JsonValue } from '@headgate/sdk';
import { entriesOf } from './logprobs.js';

const NONE: JsonObject[] = [];

/** Writes events with the numbers they must have: every event of a stream has the next one. */
export class SequencedEvents {
  private sequence = 0;

  next(): number {
    return this.sequence++;
  }

  /** An event whose text lacks nothing but its number. */
  tail(text: string): string {
    return `${text},"sequence_number":${this.sequence++}}\n\n`;
  }

  /** `members`: the inside of the JSON object, without its type. */
  event(type: string, members: string): string {
    return this.tail(`event: ${type}\ndata: {"type":"${type}",${members}`);
  }

  logprobs(value: JsonValue | undefined): JsonObject[] {
    return value === undefined ? NONE : entriesOf(value);
  }
}
