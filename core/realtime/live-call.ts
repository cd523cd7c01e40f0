import { setTimeout as sleep } from 'node:timers/promises';
import type { UpstreamRequest } from '@headgate/sdk';
import type { Exchange } from '../exchange.js';
import { endedBy } from '../identity/standing.js';
import type { Changed } from '../identity/stored-keys.js';
import type { ProviderKey } from '../route/key-ring.js';
import type { CompiledTarget } from '../route/target.js';
import { connectionFailure } from '../upstream/connection-failure.js';
import type { Waiting } from '../upstream/deadlines.js';
import { CALL_MS } from './calls.js';

/** Whoever began it, without the request that it was begun with. */
export type CallHolder = Pick<Exchange, 'io' | 'principal' | 'metadata' | 'error'>;

/** Where it is. */
export interface CallPlace {
  readonly id: string;
  readonly target: CompiledTarget;
  /** The provider's key that it was begun with. */
  readonly key: ProviderKey;
  /** What ends it there. */
  readonly hangUpPath: string;
}

const TRIES = 3;
const PAUSE_MS = 1_000;

/**
 * A call over WebRTC that this thread has begun. Its media do not pass through the gateway, so that the provider is asked to end it when
 * the key that began it is revoked, deleted or disabled, or what it belongs to. It does not end with the gateway.
 */
export class LiveCall implements Waiting {
  place = -1;
  readonly deadline: number;

  constructor(
    private readonly holder: CallHolder,
    private readonly at: CallPlace,
  ) {
    const { deadlines } = holder.io;
    deadlines.add(this);
    this.deadline = performance.now() + CALL_MS;
  }

  onDeadline(): void {
    this.holder.io.deadlines.delete(this);
  }

  cutOff(): void {}

  review(changed: Changed): void {
    if (endedBy(this.holder, changed) === null) return;
    this.holder.io.deadlines.delete(this);
    void this.hangUp();
  }

  private async hangUp(): Promise<void> {
    const { id, target } = this.at;
    const { log } = this.holder.io;
    const fields = { call: id, provider: target.provider.id };
    let why = '';
    for (let tries = 0; tries < TRIES; tries++) {
      if (tries > 0) await sleep(PAUSE_MS * tries, undefined, { ref: false });
      const said = await this.ask().catch((error: Error) => connectionFailure(error)[1]);
      // One that has ended by itself is not there any more.
      if (said === 404 || (typeof said === 'number' && said < 300)) {
        log.info('a call of a key that is no longer in force was hung up', fields);
        return;
      }
      why = typeof said === 'number' ? `the provider answered ${said}` : said;
    }
    log.warn('a call of a key that is no longer in force could not be hung up', { ...fields, why });
  }

  /** The status of the provider's answer. Rejects when there is none. */
  private async ask(): Promise<number> {
    const { key, target, hangUpPath } = this.at;
    const request: UpstreamRequest = {
      method: 'POST',
      path: hangUpPath,
      headers: [...key.headers],
      body: null,
    };
    await key.sign?.(request);
    return new Promise((resolve, reject) => {
      let status = 0;
      const call = target.transport.dispatch(request, {
        head(code) {
          status = code;
        },
        data: () => true,
        end() {
          clearTimeout(timer);
          resolve(status);
        },
        error(error) {
          clearTimeout(timer);
          reject(error);
        },
      });
      const timer = setTimeout(() => {
        call.abort();
        reject(new Error('it did not answer in time'));
      }, target.timeouts.firstByteMs);
      timer.unref();
    });
  }
}
