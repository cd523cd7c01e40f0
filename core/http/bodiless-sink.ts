import type { HttpResponse } from 'uWebSockets.js';
import type { HeaderList } from '@headgate/sdk';
import { UwsSink } from './uws-sink.js';
import { writeHead } from './write-head.js';

/**
 * For answers that must not have a body: uWebSockets.js would send one on HEAD, and a length with 204 and
 * 304, and clients would read what follows as part of it.
 */
export class BodilessSink extends UwsSink {
  onLeft: (() => void) | null = null;

  constructor(
    private readonly response: HttpResponse,
    /** The request was a HEAD: the headers of the answer, and nothing of its body. */
    private readonly onHead: boolean,
  ) {
    super(response);
  }

  override send(status: number, headers: HeaderList, body: Uint8Array | string): void {
    if (!this.onHead && status !== 204 && status !== 304) {
      super.send(status, headers, body);
      return;
    }
    if (this.gone) return;
    this.gone = true;
    this.response.cork(() => {
      writeHead(this.response, status, headers);
      this.response.endWithoutBody();
    });
  }
}
