import type { BatchResults, CanonicalError, HeaderList, Usage } from '@headgate/sdk';
import { costNano } from '../catalog/prices/cost.js';
import type { Exchange } from '../exchange.js';
import { settle } from '../stages/settle.js';
import { sumOf } from '../sum-of-usage.js';
import { NdjsonSplitter } from '../wire/ndjson-split.js';
import { targetOf } from './choose.js';
import type { Forward } from './forward.js';
import { withoutVersion } from './operation.js';
import { PassedAnswer } from './passed-answer.js';

/** The batch whose results the answer to this request has; null when it has none that say what was used. */
export function batchRead({ endpoint, incoming, forward }: Exchange): string | null {
  const { batchResults } = endpoint.format;
  if (batchResults === undefined || incoming.method !== 'GET') return null;
  return batchResults.batchOf(withoutVersion((forward as Forward).path.tail));
}

/**
 * The results of a batch, as they come. What the requests in it used is billed to whoever reads all of them first: each
 * priced by itself, since prices may depend on the length of a prompt, and all in one record. Half of them cost nothing
 * yet: they will be read again.
 */
export class BatchResultsAnswer extends PassedAnswer {
  private readonly lines: NdjsonSplitter;
  private readonly format: BatchResults;
  private readable = true;
  private billing = false;
  private total: Usage | null = null;
  private nano: number | null = null;
  /** Of the first request; a batch of several models is rare. */
  private model = '';

  constructor(
    private readonly results: Exchange,
    private readonly batch: string,
    status: number,
    contentType: string,
    headers: HeaderList,
  ) {
    super(results, status, contentType, headers, { events: false });
    this.format = results.endpoint.format.batchResults as BatchResults;
    this.lines = new NdjsonSplitter((_, line) => this.line(line));
  }

  override data(chunk: Buffer): boolean {
    this.read(() => this.lines.push(chunk));
    return super.data(chunk);
  }

  override end(): void {
    this.read(() => this.lines.end());
    const { results: x, total } = this;
    const { provider } = x.target ?? {};
    if (total === null || provider === undefined) {
      super.end();
      return;
    }
    // The client has all of it: from here on its leaving changes nothing.
    this.billing = true;
    x.incoming.sink.end();
    x.io.objects
      .claim(`results ${provider.id} ${this.batch}`, provider.id, x.id)
      .then((first) => {
        if (x.settled) return;
        if (first) this.bill(total);
      })
      .catch((error) => x.io.log.error('a batch could not be billed', { error: String(error) }))
      .finally(() => settle(x));
  }

  override interrupt(error: CanonicalError): void {
    if (!this.billing) super.interrupt(error);
  }

  private bill(total: Usage): void {
    const { results: x } = this;
    x.usage = total;
    x.billedNano = this.nano;
    if (x.target !== null) x.target = targetOf(x.target, this.model);
  }

  private line(text: string): void {
    const { results: x } = this;
    const found = this.format.usage(text);
    if (found === null || x.target === null) return;
    const { model, usage } = found;
    if (this.model === '') this.model = model;
    const price = x.runtime.prices.find(x.target.provider.id, model, x.receivedAt);
    if (price !== null) this.nano = (this.nano ?? 0) + costNano(price, usage);
    this.total = this.total === null ? usage : sumOf(this.total, usage);
  }

  /** What cannot be read passes all the same, and the log says that it was not counted. */
  private read(lines: () => void): void {
    if (!this.readable) return;
    try {
      lines();
    } catch (error) {
      this.readable = false;
      this.results.io.log.error('the results of a batch cannot be read, so they are not billed in full', {
        request: this.results.id,
        error: String(error),
      });
    }
  }
}
