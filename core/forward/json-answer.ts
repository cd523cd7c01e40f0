import type { CanonicalError, HeaderList } from '@headgate/sdk';
import { answerHeaders } from '../answer-headers.js';
import type { Exchange } from '../exchange.js';
import { answerBytes, fail, failWith } from '../fail.js';
import { usdText } from '../money.js';
import { tapWhole } from '../plan/run-tap.js';
import type { Relay } from '../relay/relay.js';
import { costOf } from '../stages/settle.js';
import { billAnswer } from './answer-bill.js';
import { withOwnObjects } from './answered-objects.js';
import { billBatch } from './batch-bill.js';
import type { Forward } from './forward.js';
import { withOwnLinks } from './own-links.js';
import { PassedAnswer } from './passed-answer.js';
import { rememberSecret } from './realtime-secret.js';
import { usedBy } from './used.js';

/** Most of an answer that is held before its head is sent. What is larger passes as it comes, without being read. */
const HOLD_BYTES = 4 * 1024 * 1024;
/** The same for what may be a list: in it there may be what is not to be seen. Files come 10,000 on a page. */
const HOLD_LIST_BYTES = 32 * 1024 * 1024;

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
    if (this.size <= (mayBeList(this.x) ? HOLD_LIST_BYTES : HOLD_BYTES)) return true;
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
    else this.look(Buffer.concat(this.chunks));
  }

  interrupt(error: CanonicalError): void {
    if (this.rest !== null) this.rest.interrupt(error);
    else failWith(this.x, error);
  }

  drop(): void {}

  private look(body: Buffer): void {
    const { x } = this;
    x.usage = usedBy(x, body);
    const billed = this.bill(body);
    const own = withOwnObjects(x, body);
    const secret = rememberSecret(x, body);
    if (billed === undefined && secret === undefined && !(own instanceof Promise)) this.send(own);
    else this.sendLater(own, [billed, secret]);
  }

  private bill(body: Buffer): void | Promise<void> {
    const { x } = this;
    const { operation, finishedBatch, finishedAnswer } = x.endpoint.format;
    const answer = operation === 'other' && x.incoming.method === 'GET' ? finishedAnswer?.(body) : undefined;
    if (answer != null) return billAnswer(x, answer);
    const batch = operation === 'batch' && x.incoming.method === 'GET' ? finishedBatch?.(body) : undefined;
    return batch == null ? undefined : billBatch(x, batch);
  }

  /** What it cost is in its head, and what the client may use next must be known here before it hears of it. */
  private sendLater(own: Buffer | Promise<Buffer>, before: readonly (void | Promise<void>)[]): void {
    Promise.all([own, ...before])
      .then(([mine]) => this.send(mine))
      .catch((reason) => fail(this.x, reason));
  }

  private send(body: Buffer): void {
    const { x } = this;
    if (x.answered) return;
    const { path } = x.forward as Forward;
    x.headAt = performance.now();
    const headers = answerHeaders(x, this.contentType, this.headers);
    const cost = costOf(x);
    if (cost !== null) headers.push('x-headgate-cost-usd', usdText(cost));
    const sent = path.api === null ? body : withOwnLinks(x, body);
    tapWhole(x, sent);
    answerBytes(x, this.status, headers, sent);
  }
}

function mayBeList({ incoming, forward }: Exchange): boolean {
  return incoming.method === 'GET' && forward?.holder === null;
}
