const FREE = 0;
const TAKEN = 1;
/** Taken, and somebody may be asleep waiting for it. */
const AWAITED = 2;
/** Looks at a taken lock before going to sleep: it is held for less time than this takes. */
const SPINS = 100;
/** Nobody sleeps longer than this without looking again, milliseconds. */
const NAP = 1;

/** A lock of one word in memory that all threads share, held for a few instructions. */
export class WordLock {
  private readonly word: Int32Array;

  constructor(memory: SharedArrayBuffer, byteOffset: number) {
    this.word = new Int32Array(memory, byteOffset, 1);
  }

  acquire(): void {
    if (Atomics.compareExchange(this.word, 0, FREE, TAKEN) !== FREE) this.wait();
  }

  release(): void {
    // Waking costs more than everything else here, so only when somebody may be asleep.
    if (Atomics.exchange(this.word, 0, FREE) === AWAITED) Atomics.notify(this.word, 0, 1);
  }

  private wait(): void {
    for (let i = 0; i < SPINS; i++) {
      if (Atomics.compareExchange(this.word, 0, FREE, TAKEN) === FREE) return;
    }
    // The holder's thread was put aside by the system: sleeping lets it run.
    while (Atomics.exchange(this.word, 0, AWAITED) !== FREE) Atomics.wait(this.word, 0, AWAITED, NAP);
  }
}
