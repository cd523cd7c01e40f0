import type { CanonicalError, HeaderList } from '@headgate/sdk';
import { answerHeaders } from '../answer-headers.js';
import type { Exchange } from '../exchange.js';
import { answerBytes, failWith } from '../fail.js';
import { usdText } from '../money.js';
import { tapWhole } from '../plan/run-tap.js';
import type { Relay } from '../relay/relay.js';
import { costOf } from '../stages/settle.js';
import type { Forward } from './forward.js';
import { idsInAnswer } from './object-ids.js';
import { withOwnLinks } from './own-links.js';
import { PassedAnswer } from './passed-answer.js';

/** Most of an answer that is held before its head is sent. What is larger passes as it comes, without being read. */
const HOLD_BYTES = 4 * 1024 * 1024;

/** A JSON answer: held until it is complete, so that its cost is in its head and the ids in it are known. */
export class JsonAnswer implements Relay {
  private chunks: Buffer[] = [];
  private size = 0;
  private rest: PassedAnswer | null = null;

  constructor(
    private readonly x: Exchange,
    private readonly status: number,
    private readonly contentType: string,
    private readonly headers: HeaderList,
  ) {}

  data(chunk: Buffer): boolean {
    if (this.rest !== null) return this.rest.data(chunk);
    this.chunks.push(chunk);
    this.size += chunk.length;
    if (this.size <= HOLD_BYTES) return true;
    const { x, status, contentType, headers } = this;
    // Decompressed by now, whatever the provider's headers say.
    const plain = headers.filter((_, i) => headers[i - (i % 2)] !== 'content-encoding');
    this.rest = new PassedAnswer(x, status, contentType, plain, { events: false });
    const held = Buffer.concat(this.chunks);
    this.chunks = [];
    return this.rest.data(held);
  }

  end(): void {
    if (this.rest !== null) this.rest.end();
    else this.send(Buffer.concat(this.chunks));
  }

  interrupt(error: CanonicalError): void {
    if (this.rest !== null) this.rest.interrupt(error);
    else failWith(this.x, error);
  }

  drop(): void {}

  private send(body: Buffer): void {
    const { x } = this;
    const { path } = x.forward as Forward;
    // What is only read again was counted when it was made.
    x.usage = x.incoming.method === 'POST' ? (x.endpoint.format.meter?.body(body) ?? null) : null;
    const [attempt] = x.attempts.slice(-1);
    if (attempt !== undefined)
      x.io.objects.remember(idsInAnswer(body), { provider: attempt.provider, key: attempt.key });
    x.headAt = performance.now();
    const headers = answerHeaders(x, this.contentType, this.headers);
    const cost = costOf(x);
    if (cost !== null) headers.push('x-headgate-cost-usd', usdText(cost));
    const sent = path.api === null ? body : withOwnLinks(x, body);
    tapWhole(x, sent);
    answerBytes(x, this.status, headers, sent);
  }
}
