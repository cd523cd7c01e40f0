import type { Readable } from 'node:stream';
import type { Transport, UpstreamCall, UpstreamRequest, UpstreamSink } from '@headgate/sdk';
import type { Dispatcher } from 'undici';
import Pool from 'undici/lib/dispatcher/pool.js';
import { HeaderLists } from './header-list.js';

export interface HttpTransportOptions {
  connectTimeoutMs: number;
}

/**
 * One provider origin over HTTP. It speaks to undici's core through the raw handler form, which is what undici itself
 * runs on: the newer controller form is an adapter over it that parses every header into an object.
 */
export class HttpTransport implements Transport {
  private readonly pool: Dispatcher;
  private readonly headerLists = new HeaderLists();

  constructor(origin: string, options: HttpTransportOptions) {
    this.pool = new Pool(origin, {
      connect: { timeout: options.connectTimeoutMs },
      // The gateway has its own deadlines, in one sweep; undici's would fire first with a less clear error.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: 55_000,
      keepAliveMaxTimeout: 600_000,
      pipelining: 1,
    });
  }

  dispatch(request: UpstreamRequest, sink: UpstreamSink): UpstreamCall {
    const call = new HttpCall(sink, this.headerLists);
    this.pool.dispatch(
      {
        method: request.method as Dispatcher.HttpMethod,
        path: request.path,
        headers: request.headers,
        body: (request.upload as Readable | undefined) ?? request.body,
      },
      call as Dispatcher.DispatchHandler,
    );
    return call;
  }

  async close(): Promise<void> {
    await this.pool.destroy();
  }
}

/** undici's raw handler on one side, the gateway's sink on the other. After an abort the sink hears nothing more. */
class HttpCall implements UpstreamCall {
  private aborted = false;
  private abortRequest: ((error?: Error) => void) | null = null;
  private resumeSocket: (() => void) | null = null;

  constructor(
    private readonly sink: UpstreamSink,
    private readonly headerLists: HeaderLists,
  ) {}

  abort(): void {
    if (this.aborted) return;
    this.aborted = true;
    // Before the connection stands there is nothing to abort yet: onConnect does it then.
    this.abortRequest?.();
  }

  resume(): void {
    this.resumeSocket?.();
  }

  onConnect(abort: (error?: Error) => void): void {
    if (this.aborted) {
      abort();
      return;
    }
    this.abortRequest = abort;
    this.sink.connected?.();
  }

  onHeaders(status: number, rawHeaders: Buffer[], resume: () => void): boolean {
    if (status < 200) return true;
    this.resumeSocket = resume;
    if (!this.aborted) this.sink.head(status, this.headerLists.read(rawHeaders));
    return true;
  }

  onData(chunk: Buffer): boolean {
    return this.aborted || this.sink.data(chunk);
  }

  onComplete(): void {
    if (!this.aborted) this.sink.end();
  }

  onError(error: Error): void {
    if (!this.aborted) this.sink.error(error);
  }
}
