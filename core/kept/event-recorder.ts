import type { IoThread } from '../io-thread.js';
import type { RecordedEvent } from './kept-answer.js';

/** How long events wait for others, to be written together. */
const GATHER_MS = 100;

/** Keeps the events of a stream that runs in the background, for clients that come back to it. */
export class EventRecorder {
  private waiting: RecordedEvent[] = [];
  private timer: NodeJS.Timeout | null = null;
  private writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly io: IoThread,
    private readonly id: string,
  ) {}

  add(event: RecordedEvent): void {
    // Only what has a number can be come back to.
    if (!Number.isInteger(event.sequence) || event.sequence < 0) return;
    this.waiting.push(event);
    this.timer ??= setTimeout(() => this.write(), GATHER_MS);
  }

  /** Resolves when everything is written; never rejects. */
  finish(): Promise<void> {
    this.write();
    return this.writing;
  }

  stop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.waiting = [];
  }

  private write(): void {
    const events = this.waiting;
    this.stop();
    if (events.length === 0) return;
    const { id } = this;
    this.writing = this.writing
      .then(() => this.io.control.kept({ do: 'record', ask: { id, events } }))
      .then(
        () => {},
        (error) => this.io.log.warn('events of an answer could not be kept', { error: String(error) }),
      );
  }
}
