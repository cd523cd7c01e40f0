import { type CanonicalError, type HeaderList, headerOf } from '@headgate/sdk';
import { answerHeaders } from '../answer-headers.js';
import type { Exchange } from '../exchange.js';
import { answerBytes, failWith } from '../fail.js';
import type { Relay } from '../relay/relay.js';

/** The answer to a HEAD, or one that has no body. */
export class HeadAnswer implements Relay {
  constructor(
    private readonly x: Exchange,
    private readonly status: number,
    private readonly contentType: string,
    private readonly headers: HeaderList,
  ) {}

  data(): boolean {
    return true;
  }

  end(): void {
    const { x, contentType } = this;
    x.headAt = performance.now();
    const headers = answerHeaders(x, contentType, this.headers);
    if (contentType === '') headers.splice(0, 2);
    if (x.incoming.method === 'HEAD')
      for (const name of ['content-length', 'content-encoding']) {
        const value = headerOf(this.headers, name);
        if (value !== undefined) headers.push(name, value);
      }
    answerBytes(x, this.status, headers, '');
  }

  interrupt(error: CanonicalError): void {
    failWith(this.x, error);
  }

  drop(): void {}
}
