import {
  type HeaderList,
  headerOf,
  type JsonValue,
  type Transport,
  type UpstreamCall,
  type UpstreamRequest,
  type UpstreamSink,
} from '@headgate/sdk';

/** A request that a provider only takes in parts; the first is the request itself. */
export interface DividedRequest extends UpstreamRequest {
  readonly rest?: readonly UpstreamRequest[];
}

/** What the sink is given as the body of the answer, as JSON: headers and body of the answer to each part. */
export type DividedAnswer = readonly (readonly [headers: HeaderList, body: JsonValue])[];

/** Told of the parts that were answered when the whole fails, by their places; the other places are holes. */
export type OnWasted = (answers: readonly string[]) => void;

/** Parts that are asked for at the same time: an operator's limits at the provider are for more requests than this one. */
const AT_ONCE = 4;

/** Sends all parts of a request. */
export function dispatchParts(
  transport: Transport,
  parts: readonly UpstreamRequest[],
  sink: UpstreamSink,
  onWasted: OnWasted,
): UpstreamCall {
  return new DividedCall(transport, parts, sink, onWasted);
}

/**
 * One call that is several. Its answer is there when all parts have theirs; the first part that fails is the answer, and
 * the others are stopped. Those that were answered before that, or before the client left, were paid for all the same.
 */
class DividedCall implements UpstreamCall {
  private readonly answers: string[] = [];
  private readonly running = new Set<UpstreamCall>();
  private next = 0;
  private done = 0;
  private over = false;

  constructor(
    private readonly transport: Transport,
    private readonly parts: readonly UpstreamRequest[],
    private readonly sink: UpstreamSink,
    private readonly onWasted: OnWasted,
  ) {
    while (this.next < Math.min(AT_ONCE, parts.length) && !this.over) this.start();
  }

  abort(): void {
    if (this.over) return;
    this.over = true;
    for (const call of this.running) call.abort();
    this.running.clear();
    if (this.done > 0) this.onWasted(this.answers);
  }

  /** Nothing is held back: what comes is kept until all of it is there. */
  resume(): void {}

  private start(): void {
    const at = this.next++;
    const chunks: Buffer[] = [];
    let status = 0;
    let headers: HeaderList = [];
    let call: UpstreamCall | null = null;
    const ended = (): void => {
      if (call !== null) this.running.delete(call);
    };
    call = this.transport.dispatch(this.parts[at] as UpstreamRequest, {
      head: (code, list) => {
        status = code;
        headers = list;
      },
      data: (chunk) => {
        chunks.push(chunk);
        return true;
      },
      end: () => {
        ended();
        if (this.over) return;
        if (status >= 400) this.refused(status, headers, chunks);
        else this.answered(at, headers, chunks);
      },
      error: (error) => {
        ended();
        if (this.over) return;
        this.abort();
        this.sink.error(error);
      },
    });
    if (!this.over) this.running.add(call);
    else call.abort();
  }

  private refused(status: number, headers: HeaderList, chunks: Buffer[]): void {
    this.abort();
    this.sink.head(status, headers);
    for (const chunk of chunks) this.sink.data(chunk);
    this.sink.end();
  }

  private answered(at: number, headers: HeaderList, chunks: Buffer[]): void {
    if ((headerOf(headers, 'content-encoding') ?? 'identity') !== 'identity') {
      this.abort();
      this.sink.error(new Error('a part of the answer came compressed, which was not asked for'));
      return;
    }
    this.answers[at] = `[${JSON.stringify(headers)},${Buffer.concat(chunks).toString('utf8') || 'null'}]`;
    this.done++;
    if (this.done === this.parts.length) {
      this.over = true;
      this.sink.head(200, withoutLength(headers));
      this.sink.data(Buffer.from(`[${this.answers.join(',')}]`));
      this.sink.end();
    } else if (this.next < this.parts.length) this.start();
  }
}

function withoutLength(headers: HeaderList): HeaderList {
  return headers.filter((_, i) => headers[i - (i % 2)] !== 'content-length');
}
