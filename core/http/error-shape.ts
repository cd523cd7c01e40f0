import { type CanonicalError, type HeaderList, headerOf, type WireFormat } from '@headgate/sdk';
import { canonicalError, type ErrorCode } from '../errors.js';
import type { IoThread } from '../io-thread.js';
import type { ClientSink } from '../relay/sink.js';

/** Anthropic's SDKs send this header with every request, OpenAI's with none. */
export function speaksAnthropic(headers: HeaderList): boolean {
  return (headerOf(headers, 'anthropic-version') ?? '') !== '';
}

/** Errors in the shape of the client API that a path belongs to; for paths of no API, of the one the client speaks. */
export function shapeFor(io: IoThread, path: string, headers: HeaderList = []): ErrorShape {
  const endpoint =
    io.endpoints.get(path) ??
    io.endpoints.get(isAnthropic(path, headers) ? '/v1/messages' : '/v1/chat/completions');
  if (endpoint === undefined) throw new Error('a client API has no endpoint');
  return new ErrorShape(io, endpoint.format);
}

function isAnthropic(path: string, headers: HeaderList): boolean {
  if (path.startsWith('/anthropic/') || path.startsWith('/v1/messages')) return true;
  return !path.startsWith('/openai/') && speaksAnthropic(headers);
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
