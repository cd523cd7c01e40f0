import { threadId } from 'node:worker_threads';
import type { Transport, UpstreamCall, UpstreamRequest, UpstreamSink } from '@headgate/sdk';
import { Player } from './player.js';
import { respond } from './respond.js';

/** The mock as an upstream inside the process. */
export class MockTransport implements Transport {
  readonly #running = new Set<Player>();
  #round = 0;

  dispatch(request: UpstreamRequest, sink: UpstreamSink): UpstreamCall {
    const player = new Player(respond(request, `${threadId}.${this.#round++}`), sink, (done) =>
      this.#running.delete(done),
    );
    this.#running.add(player);
    return player;
  }

  /** Calls that have neither ended nor been aborted. */
  get running(): number {
    return this.#running.size;
  }

  close(): Promise<void> {
    for (const player of [...this.#running]) player.abort();
    return Promise.resolve();
  }
}
