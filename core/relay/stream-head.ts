import type { HeaderList } from '@headgate/sdk';
import { answerHeaders } from '../answer-headers.js';
import type { Exchange } from '../exchange.js';

/** Begins a streamed answer. From here on nothing can be retried. */
export function startStream(
  x: Exchange,
  status: number,
  contentType: string,
  upstream: HeaderList | null,
): void {
  x.status = status;
  x.headAt = performance.now();
  x.incoming.sink.start(status, answerHeaders(x, contentType, upstream));
}
