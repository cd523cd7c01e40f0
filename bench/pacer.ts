/**
 * Plays events to many streams at a fixed gap with one timer. A timer for each event of each stream would make the fake
 * upstream the bottleneck; a wheel with a slot a millisecond costs one wake-up for all streams that are due.
 */
export interface Player {
  /** Sends the next event; false when the stream is over. */
  next(): boolean;
}

export class Pacer {
  private readonly slots: Player[][];
  private readonly started = performance.now();
  private turn = 0;
  private timer: NodeJS.Timeout | undefined;
  private playing = 0;

  /** @param gap milliseconds between two events of one stream */
  constructor(private readonly gap: number) {
    this.slots = Array.from({ length: gap }, () => []);
  }

  /** Sends the first event now and the others `gap` milliseconds apart. */
  play(player: Player): void {
    if (!player.next()) return;
    if (this.playing++ === 0) {
      this.turn = this.now();
      this.timer = setInterval(() => this.tick(), 1);
    }
    this.slots[this.turn % this.gap]!.push(player);
  }

  private now(): number {
    return Math.floor(performance.now() - this.started);
  }

  private tick(): void {
    // A late timer makes up for the slots it missed, but never plays a slot twice in one gap.
    const now = this.now();
    this.turn = Math.max(this.turn, now - this.gap);
    while (this.turn < now) this.playSlot(++this.turn % this.gap);
  }

  private playSlot(slot: number): void {
    const due = this.slots[slot]!;
    const staying = due.filter((player) => player.next());
    this.slots[slot] = staying;
    this.playing -= due.length - staying.length;
    if (this.playing === 0) clearInterval(this.timer);
  }
}
