import type { StreamEvent } from '@headgate/sdk';
import { tryParse } from './parse-json.js';

/** An event that belongs to a part. */
export type PartEvent = Extract<StreamEvent, { part: number }>;

/**
 * Brings the events of one choice into an order in which one part ends before the next starts. The hub may have several
 * tool calls open: a call whose arguments are whole JSON is closed when the next part starts, and until then that waits.
 */
export class OneAtATime {
  private open: number | null = null;
  /** Arguments of the open call so far, to know when it is whole; null for a part of another kind. */
  private json: string | null = null;
  private waiting: PartEvent[] = [];

  constructor(private readonly emit: (event: PartEvent) => void) {}

  push(event: PartEvent): void {
    if (this.open === null) {
      this.begin(event);
    } else if (event.part !== this.open) {
      this.other(event);
    } else if (event.type === 'part-delta') {
      if (this.json !== null) this.json += event.text;
      this.emit(event);
    } else if (event.type === 'part-end') {
      this.close();
    }
  }

  /** Ends what is open, and lets out what waits. */
  end(): void {
    while (this.open !== null) this.close();
  }

  private begin(event: PartEvent): void {
    if (event.type === 'part-start') {
      this.open = event.part;
      this.json = event.kind === 'tool-call' ? '' : null;
      this.emit(event);
    } else if (event.type === 'part-whole') this.emit(event);
  }

  private other(event: PartEvent): void {
    const starts = event.type === 'part-start' || event.type === 'part-whole';
    const whole = this.json === null || tryParse(this.json) !== undefined;
    if (starts && this.waiting.length === 0 && whole) {
      this.close();
      this.begin(event);
    } else if (starts || this.waiting.length > 0) this.waiting.push(event);
  }

  private close(): void {
    const part = this.open as number;
    this.open = null;
    this.emit({ type: 'part-end', choice: 0, part });
    const events = this.waiting;
    this.waiting = [];
    for (const event of events) this.push(event);
  }
}
