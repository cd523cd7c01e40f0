import type { Frame, FrameLog, LogPlace, LogRange } from './frame-log.js';

const SEGMENT = 'memory';

/** Batches that wait in memory, where nothing is kept on disk. Who has least room says how many: `release` lets go of them. */
export class MemoryLog implements FrameLog {
  private readonly frames: Frame[] = [];
  private size = 0;

  get end(): LogPlace {
    return { segment: SEGMENT, offset: this.size };
  }

  add(payload: Uint8Array): void {
    this.size += payload.length;
    this.frames.push({ payload, end: this.end });
  }

  next({ offset }: LogPlace): Frame | null {
    return this.frames.find(({ end }) => end.offset > offset) ?? null;
  }

  bytesAfter({ offset }: LogPlace): number {
    return this.size - offset;
  }

  /** What is being delivered is not asked for again: nothing here outlasts a restart. */
  release(needed: readonly LogRange[]): void {
    const coming = needed.filter(({ to }) => to === null);
    const least = Math.min(...coming.map(({ from }) => from.offset));
    const kept = this.frames.findIndex(({ end }) => end.offset > least);
    this.frames.splice(0, kept === -1 ? this.frames.length : kept);
  }

  close(): void {}
}
