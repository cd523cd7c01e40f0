import type { CanonicalError, HeaderList, WireFormat } from '@headgate/sdk';
import { canonicalError, type ErrorCode } from '../errors.js';
import type { IoThread } from '../io-thread.js';
import type { ClientSink } from '../relay/sink.js';
import { CHAT_FORMAT, clientApi } from './client-api.js';

/** Errors in the shape of the client API that a path belongs to; for paths of no API, of the one the client speaks. */
export function shapeFor(io: IoThread, path: string, headers: HeaderList = []): ErrorShape {
  const endpoint =
    io.endpoints.at(path)?.endpoint ?? io.endpoints.speaking(CHAT_FORMAT[clientApi(path, headers)]);
  return new ErrorShape(io, endpoint.format);
}

export class ErrorShape {
  constructor(
    private readonly io: IoThread,
    private readonly format: WireFormat,
  ) {}

  refuse(
    sink: ClientSink,
    code: ErrorCode,
    details: Record<string, string> = {},
    more: HeaderList = [],
  ): void {
    this.tell(sink, canonicalError(code, details), more);
  }

  tell(sink: ClientSink, error: CanonicalError, more: HeaderList = []): void {
    const id = this.io.ids.next();
    const headers = [...more, 'x-headgate-request-id', id, this.format.requestIdHeader, id];
    if (error.retryAfterMs !== undefined)
      headers.push('retry-after', String(Math.ceil(error.retryAfterMs / 1000)));
    sink.send(
      error.status,
      ['content-type', 'application/json', ...headers],
      this.format.error.encode(error, id),
    );
  }
}
