import {
  type AdapterAnswer,
  type AdapterCall,
  type AdapterRefusal,
  type CallAdapter,
  type HeaderList,
  headerOf,
  MalformedBody,
  type ProviderAsk,
  type Transport,
  type UpstreamCall,
  type UpstreamRequest,
  type UpstreamSink,
  type Usage,
} from '@headgate/sdk';
import { bareHeaders } from './bare-headers.js';
import { upstreamRequest } from './upstream-request.js';

/** Most of a reply that an adapter is given: pictures in base64. */
const MOST_BYTES = 64 * 1024 * 1024;

export interface AdaptedParts {
  readonly adapter: CallAdapter;
  readonly call: AdapterCall;
  readonly transport: Transport;
  /** What carries requests to another origin of the provider's; null when it is not one. */
  readonly transportTo: (origin: string) => Transport | null;
  /** Told before the head of the answer what the adapter says was used. */
  readonly onUsage: (usage: Usage) => void;
  /** The reply makes no sense. */
  readonly onNonsense: (why: string) => void;
}

/**
 * One call that may be several: a job is started, looked at until it is done, and its end is the answer, in OpenAI's words.
 * To whoever waits for it, it is a provider that speaks OpenAI's API. The first status of 400 or more is the answer.
 */
export class AdaptedCall implements UpstreamCall {
  private running: UpstreamCall | null = null;
  private timer: NodeJS.Timeout | undefined;
  private over = false;
  private readonly passes: boolean;
  private path: string;
  private origin: string | undefined;

  /** @param first signed by now: what follows goes with the same credentials */
  constructor(
    private readonly parts: AdaptedParts,
    private readonly first: UpstreamRequest,
    private readonly sink: UpstreamSink,
  ) {
    const { adapter, call } = parts;
    this.passes = adapter.read === undefined || adapter.passes?.(call) === true;
    this.path = first.path;
    this.send(first, parts.transport);
  }

  abort(): void {
    this.over = true;
    clearTimeout(this.timer);
    this.running?.abort();
  }

  resume(): void {
    this.running?.resume();
  }

  private send(request: UpstreamRequest, transport: Transport): void {
    this.path = request.path;
    const chunks: Buffer[] = [];
    let size = 0;
    let passing = false;
    let headers: HeaderList = [];
    const call = transport.dispatch(request, {
      head: (status, list) => {
        headers = list;
        passing = this.passes || status >= 400;
        if (passing) this.sink.head(status, list);
      },
      data: (chunk) => {
        if (passing) return this.sink.data(chunk);
        size += chunk.length;
        if (size > MOST_BYTES) this.nonsense(`it has more than ${MOST_BYTES} bytes`);
        else chunks.push(chunk);
        return true;
      },
      end: () => {
        if (this.over) return;
        if (passing) this.sink.end();
        else this.read(headers, Buffer.concat(chunks));
      },
      error: (error) => {
        if (!this.over) this.sink.error(error);
      },
    });
    this.running = call;
    if (this.over) call.abort();
  }

  private read(headers: HeaderList, body: Buffer): void {
    const { adapter, call } = this.parts;
    if ((headerOf(headers, 'content-encoding') ?? 'identity') !== 'identity') {
      this.nonsense('it came compressed, which was not asked for');
      return;
    }
    let next: AdapterAnswer | ProviderAsk | AdapterRefusal;
    try {
      const read = adapter.read as NonNullable<CallAdapter['read']>;
      next = read.call(adapter, { headers, body, path: this.path, origin: this.origin }, call);
    } catch (error) {
      if (!(error instanceof MalformedBody || error instanceof SyntaxError)) throw error;
      this.nonsense(error instanceof SyntaxError ? 'its JSON is broken' : error.message);
      return;
    }
    if ('refused' in next) this.refuse(next.refused);
    else if ('path' in next) this.goOn(next);
    else this.answer(next, headers);
  }

  private goOn(ask: ProviderAsk): void {
    const { origin } = ask;
    const transport = origin === undefined ? this.parts.transport : this.parts.transportTo(origin);
    if (transport === null) {
      this.nonsense(`it sends on to ${String(origin)}, which is not under the provider's domain`);
      return;
    }
    this.origin = origin;
    const request = upstreamRequest(ask, bareHeaders(this.first.headers));
    if (ask.afterMs === undefined) this.send(request, transport);
    else this.timer = setTimeout(() => this.send(request, transport), ask.afterMs);
  }

  private refuse({ status, message }: AdapterRefusal['refused']): void {
    this.sink.head(status, ['content-type', 'application/json']);
    this.sink.data(Buffer.from(JSON.stringify({ error: { message } })));
    this.sink.end();
  }

  private answer({ body, contentType, usage }: AdapterAnswer, headers: HeaderList): void {
    if (usage !== undefined) this.parts.onUsage(usage);
    this.sink.head(200, ['content-type', contentType ?? 'application/json', ...bareHeaders(headers)]);
    this.sink.data(Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body)));
    this.sink.end();
  }

  private nonsense(why: string): void {
    if (this.over) return;
    this.abort();
    this.parts.onNonsense(why);
  }
}
