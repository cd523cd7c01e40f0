import type { UpstreamCall, UpstreamSink } from '@headgate/sdk';
import type { Answer, Step } from './answer.js';

/**
 * Plays one answer into a sink, one chunk a turn of the event loop, so that nothing is heard before `dispatch` has
 * returned, a pause takes effect at once, and at most one timer is alive.
 */
export class Player implements UpstreamCall {
  readonly #answer: Answer;
  readonly #sink: UpstreamSink;
  readonly #onDone: (player: Player) => void;
  #steps: Iterator<Step> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #turn: NodeJS.Immediate | null = null;
  #paused = false;
  /** A step fell due while paused. */
  #owed = false;
  #done = false;

  constructor(answer: Answer, sink: UpstreamSink, onDone: (player: Player) => void) {
    this.#answer = answer;
    this.#sink = sink;
    this.#onDone = onDone;
    if (answer.delayMs > 0) this.#timer = setTimeout(this.#head, answer.delayMs);
    else this.#turn = setImmediate(this.#head);
  }

  abort(): void {
    this.#finish();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    if (!this.#owed) return;
    this.#owed = false;
    this.#turn = setImmediate(this.#step);
  }

  readonly #head = (): void => {
    this.#sink.head(this.#answer.status, this.#answer.headers);
    if (this.#done) return;
    this.#steps = this.#answer.steps[Symbol.iterator]();
    this.#turn = setImmediate(this.#step);
  };

  readonly #step = (): void => {
    if (this.#paused) {
      this.#owed = true;
      return;
    }
    const next = this.#steps?.next();
    if (!next || next.done) {
      this.#finish();
      this.#sink.end();
      return;
    }
    const step = next.value;
    if (step === 'cut') {
      this.#finish();
      this.#sink.error(Object.assign(new Error('other side closed'), { code: 'ECONNRESET' }));
    } else if (typeof step === 'string' && step !== 'stall') {
      if (!this.#sink.data(Buffer.from(step, 'utf8'))) this.#paused = true;
      if (!this.#done) this.#turn = setImmediate(this.#step);
    } else if (typeof step === 'object') {
      this.#timer = setTimeout(this.#step, step.waitMs);
    }
  };

  #finish(): void {
    if (this.#done) return;
    this.#done = true;
    if (this.#timer) clearTimeout(this.#timer);
    if (this.#turn) clearImmediate(this.#turn);
    this.#onDone(this);
  }
}
