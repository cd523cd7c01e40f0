import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { TakenBodies } from '../observe/bodies/body-settings.js';
import type { RecorderMessage, RecorderRequest, ThreadGauges } from '../observe/recorder-protocol.js';
import type { Position } from './spool.js';

/** How long an I/O thread may take to hand over what it holds; a thread that hangs or died must not hold up the others. */
const ANSWER_MS = 1000;
const TAKE_MS = 1000;

interface Source {
  gauges: ThreadGauges | null;
  lost: number;
  /** The file of the spool that it writes. */
  segment: string | null;
}

interface Round {
  readonly token: number;
  readonly open: Set<MessagePort>;
  readonly done: (complete: boolean) => void;
}

/** The ports of the I/O threads, through which settled records come in. */
export class RecordSources {
  private readonly sources = new Map<MessagePort, Source>();
  private rounds: Round[] = [];
  private tokens = 0;
  /** Records that threads which are gone could not send. */
  private lostBefore = 0;

  /**
   * @param onBatch a batch came in, and where it ends in the spool if it is there
   * @param onSealed nothing follows in that file of the spool
   * @param onBodies requests and answers that are to be kept
   */
  constructor(
    private readonly onBatch: (batch: Uint8Array, end: Position | null) => void,
    private readonly onSealed: (segment: string) => void,
    private readonly onBodies: (bodies: readonly TakenBodies[]) => void = () => {},
  ) {}

  add(port: MessagePort): void {
    this.sources.set(port, { gauges: null, lost: 0, segment: null });
    port.on('message', (message: RecorderMessage) => this.onMessage(port, message));
    port.on('close', () => this.remove(port));
  }

  /**
   * Asks every thread for what it holds and resolves when all of it came in: an answer arrives behind the batches. False
   * when a thread gave none in time.
   */
  collect(): Promise<boolean> {
    if (this.sources.size === 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const token = ++this.tokens;
      const limit = setTimeout(() => {
        // When it was this thread that was slow, the answers are waiting in the ports.
        this.takeWaiting();
        this.endRound(token);
      }, ANSWER_MS);
      const done = (complete: boolean): void => {
        clearTimeout(limit);
        resolve(complete);
      };
      this.rounds.push({ token, open: new Set(this.sources.keys()), done });
      for (const port of this.sources.keys())
        port.postMessage({ type: 'flush', token } satisfies RecorderRequest);
    });
  }

  /** Of each thread, as it last said. */
  gauges(): ThreadGauges[] {
    return [...this.sources.values()].flatMap(({ gauges }) => gauges ?? []);
  }

  /** Records that never left their thread. */
  get lost(): number {
    let lost = this.lostBefore;
    for (const source of this.sources.values()) lost += source.lost;
    return lost;
  }

  /** Tells all threads. */
  tell(message: RecorderRequest): void {
    for (const port of this.sources.keys()) port.postMessage(message);
  }

  close(): void {
    this.takeWaiting();
    for (const port of this.sources.keys()) port.close();
    this.sources.clear();
  }

  /** What has been posted and not been looked at; not for long, since threads may go on posting. */
  private takeWaiting(): void {
    const end = performance.now() + TAKE_MS;
    for (const port of [...this.sources.keys()]) {
      for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
        if (performance.now() > end) return;
        this.onMessage(port, next.message as RecorderMessage);
      }
    }
  }

  private onMessage(port: MessagePort, message: RecorderMessage): void {
    const source = this.sources.get(port);
    if (message.type === 'batch') {
      const { bytes, segment, end } = message;
      this.onBatch(new Uint8Array(bytes), segment === null ? null : { segment, offset: end });
      if (source !== undefined && segment !== null && segment !== source.segment) {
        if (source.segment !== null) this.onSealed(source.segment);
        source.segment = segment;
      }
      return;
    }
    if (message.type === 'bodies') {
      port.postMessage({ type: 'took', bytes: message.bytes } satisfies RecorderRequest);
      this.onBodies(message.bodies);
      return;
    }
    if (source === undefined) return;
    if (message.type === 'gauges') source.gauges = message.gauges;
    else source.lost = message.lost;
    if (message.type === 'flushed') {
      source.gauges = message.gauges;
      this.answered(port, message.token);
    }
    if (message.type === 'end') {
      port.postMessage({ type: 'ended' } satisfies RecorderRequest);
      this.remove(port);
    }
  }

  private answered(port: MessagePort, upTo: number): void {
    for (const round of [...this.rounds]) {
      if (round.token > upTo || !round.open.delete(port)) continue;
      if (round.open.size === 0) this.endRound(round.token);
    }
  }

  private endRound(token: number): void {
    const round = this.rounds.find((one) => one.token === token);
    if (round === undefined) return;
    this.rounds = this.rounds.filter((one) => one !== round);
    round.done(round.open.size === 0);
  }

  private remove(port: MessagePort): void {
    const source = this.sources.get(port);
    if (source === undefined) return;
    this.sources.delete(port);
    this.lostBefore += source.lost;
    if (source.segment !== null) this.onSealed(source.segment);
    this.answered(port, this.tokens);
  }
}
