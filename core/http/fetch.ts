import type { HeaderList } from '@headgate/sdk';
import type { Exchange, Incoming } from '../exchange.js';
import type { IoThread } from '../io-thread.js';
import { shapeFor } from './error-shape.js';
import { FetchBody } from './fetch-body.js';
import { FetchSink } from './fetch-sink.js';
import { FetchUpload } from './fetch-upload.js';
import { withoutKey } from './key-in-query.js';
import { openBody } from './open-body.js';
import { forwardedPath, serveOther } from './other-paths.js';
import { RequestBody } from './request-body.js';
import { StreamedBody } from './streamed-body.js';
import { headerList } from './web-headers.js';

/** What relative addresses are put behind; the gateway itself looks at the path alone. */
const ORIGIN = 'http://headgate.internal';

/** Serves web requests in the thread of the caller, without a socket, through the same paths and pipeline as the server. */
export class FetchServer {
  private readonly running = new Set<FetchSink>();
  private closed = false;

  constructor(private readonly io: IoThread) {}

  /**
   * As the global `fetch`, but the gateway answers, whatever the host; a path alone is enough.
   *
   * Rejects with the signal's reason when it is aborted, and with the error of the request's body when that fails. Errors
   * of the gateway and of providers are answers.
   */
  async fetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    const request = requestOf(input, init);
    const signal = init?.signal ?? request.signal;
    signal.throwIfAborted();
    if (request.bodyUsed) throw new TypeError('the body of the request has been read already');
    const { io } = this;
    const { method } = request;
    const { pathname: path, search } = new URL(request.url);
    const found = method === 'POST' ? io.endpoints.at(path) : undefined;
    const headers = headerList(request.headers);
    const query = withoutKey(path, search.slice(1), headers);
    const forwarded = found === undefined ? forwardedPath(io, method, path, headers) : null;
    const stream = new FetchUpload(request);
    const body =
      forwarded === null ? this.wholeBody() : openBody(io, forwarded, sized(request, headers), stream);
    const upload = body instanceof StreamedBody ? stream : new FetchBody(request, body, body.limit);
    let x: Exchange | null = null;
    const onAbort = (): void => sink.abandon(signal.reason);
    const sink = new FetchSink(method === 'HEAD', (left) => {
      this.running.delete(sink);
      signal.removeEventListener('abort', onAbort);
      upload.stop();
      if (left) sink.onLeft?.();
      if (left && x !== null) io.abandoned(x);
    });
    if (this.closed) {
      shapeFor(io, path, headers).refuse(sink, 'draining');
      return sink.response;
    }
    this.running.add(sink);
    signal.addEventListener('abort', onAbort);
    const incoming: Incoming = {
      method,
      path,
      query,
      model: found?.model ?? '',
      headers,
      body,
      sink,
    };
    if (found !== undefined) x = io.begin(found.endpoint, incoming);
    else if (forwarded !== null) x = io.forward(forwarded, incoming);
    else x = serveOther(io, incoming);
    if (!sink.gone) upload.read(body as StreamedBody).catch((reason) => sink.abandon(reason));
    return sink.response;
  }

  private wholeBody(): RequestBody {
    return new RequestBody(this.io.runtime.config.server.bodyLimitBytes);
  }

  /** Cuts what still runs; later requests are refused. */
  close(): void {
    this.closed = true;
    for (const sink of this.running) sink.abandon(new TypeError('the gateway was closed'));
  }
}

/** Its headers, which say nothing of a body: that there is one is seen here, how long it is only when it has ended. */
function sized(request: Request, headers: HeaderList): HeaderList {
  return request.body === null ? headers : [...headers, 'transfer-encoding', 'chunked'];
}

function requestOf(input: string | URL | Request, init: RequestInit | undefined): Request {
  if (typeof input === 'string') return new Request(new URL(input, ORIGIN), init);
  // One that another implementation has made is read as it is, since ours would not know it for a request.
  if (init === undefined && !(input instanceof URL)) return input;
  return new Request(input, init);
}
