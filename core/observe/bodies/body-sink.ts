import { foldEvents, type HeaderList, headerOf, type StreamEvent, type WireFormat } from '@headgate/sdk';
import type { Exchange } from '../../exchange.js';
import { splitterOf } from '../../relay/framing.js';
import type { ClientSink } from '../../relay/sink.js';
import { patternMatcher } from '../../route/pattern.js';
import type { BodyWish, TakenBodies, TakenBody } from './body-settings.js';

/** Headers without which a request would be read in another way; none of them can hold a credential. */
const KEPT_HEADERS = new Set(['content-type', 'anthropic-version', 'anthropic-beta', 'openai-beta']);
const TEXT = /json|text|event-stream|xml|urlencoded/i;
/** A stream of more bytes is kept as it came: putting it together would take an I/O thread too long. */
const MOST_FOLDED = 256 * 1024;

/** Whose bodies are kept, compiled for the thread. */
export class BodyRules {
  private readonly ofKey: (text: string) => boolean;
  private readonly ofModel: (text: string) => boolean;

  private constructor(private readonly wish: BodyWish) {
    this.ofKey = patternMatcher(wish.keys);
    this.ofModel = patternMatcher(wish.models);
  }

  /** Null when none are. */
  static of(wish: BodyWish): BodyRules | null {
    return wish.on && wish.share > 0 ? new BodyRules(wish) : null;
  }

  /** The request is known by now; its answer passes a sink from here on, if it is to be kept. */
  begin(x: Exchange): void {
    const { wish } = this;
    const { principal } = x;
    if (!this.ofModel(x.route?.name ?? x.model)) return;
    if (!this.ofKey(principal?.id ?? '') && !this.ofKey(principal?.name ?? '')) return;
    if (wish.share < 1 && x.io.random() >= wish.share) return;
    x.bodies = new BodySink(x.incoming.sink, wish.maxBytes);
    x.incoming = { ...x.incoming, sink: x.bodies };
  }
}

/** Passes on what a client is sent, and keeps the beginning of it. */
export class BodySink implements ClientSink {
  onDrain: (() => void) | null = null;
  onGone: (() => void) | null = null;
  private chunks: (Uint8Array | string)[] = [];
  private held = 0;
  private total = 0;
  private type = '';

  constructor(
    private readonly client: ClientSink,
    private readonly most: number,
  ) {
    client.onDrain = () => this.onDrain?.();
  }

  get full(): boolean {
    return this.client.full;
  }
  address(): string {
    return this.client.address?.() ?? '';
  }
  send(status: number, headers: HeaderList, body: Uint8Array | string): void {
    this.type = headerOf(headers, 'content-type') ?? '';
    this.keep(body);
    this.client.send(status, headers, body);
  }
  start(status: number, headers: HeaderList): void {
    this.type = headerOf(headers, 'content-type') ?? '';
    this.client.start(status, headers);
  }
  write(chunk: Uint8Array | string): boolean {
    this.keep(chunk);
    return this.client.write(chunk);
  }
  flush(): void {
    this.client.flush();
  }
  end(): void {
    this.client.end();
  }
  cut(): void {
    this.client.cut();
  }

  /** All that is handed over, in memory of its own. To be called before the request is taken apart. */
  take(x: Exchange): () => TakenBodies {
    const { method, path, query, headers, body } = x.incoming;
    const kept = headers.flatMap((name, i) =>
      i % 2 === 0 && KEPT_HEADERS.has(name) ? [name, headers[i + 1] as string] : [],
    );
    const { id, receivedAt: time, status, stream } = x;
    const { format } = x.endpoint;
    const keyId = x.principal?.id ?? '';
    const request = partOf(body.bytes, headerOf(headers, 'content-type') ?? 'application/json', this.most);
    return () => ({
      id,
      time,
      keyId,
      method,
      path,
      query,
      headers: kept,
      status,
      request,
      answer: this.answer(format, stream),
    });
  }

  private answer(format: WireFormat, stream: boolean): TakenBody {
    const { type, total } = this;
    const bytes = Buffer.concat(
      this.chunks.map((chunk) => (typeof chunk === 'string' ? Buffer.from(chunk) : chunk)),
    );
    this.chunks = [];
    const complete = bytes.length === total;
    if (stream && complete && total <= MOST_FOLDED) {
      const whole = foldedBytes(format, bytes);
      if (whole !== null) return { text: whole, type: 'application/json', bytes: total, whole: true };
    }
    return { ...partOf(bytes, type, this.most), bytes: total };
  }

  private keep(chunk: Uint8Array | string): void {
    const length = typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.length;
    this.total += length;
    const room = this.most - this.held;
    if (room <= 0 || length === 0) return;
    const bytes = length > room && typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    const part = length <= room ? bytes : (bytes as Uint8Array).subarray(0, room);
    this.chunks.push(part);
    this.held += Math.min(length, room);
  }
}

function partOf(bytes: Uint8Array, type: string, most: number): TakenBody {
  const text = TEXT.test(type) ? Uint8Array.from(bytes.subarray(0, most)) : null;
  return { text, type, bytes: bytes.length, whole: false };
}

/** A stream as the answer that it would have been; null when it cannot be read. */
function foldedBytes(format: WireFormat, bytes: Uint8Array): Uint8Array | null {
  if (format.stream === undefined || format.response === undefined) return null;
  try {
    const events: StreamEvent[] = [];
    const decoder = format.stream.decoder();
    const emit = (event: StreamEvent): void => void events.push(event);
    const splitter = splitterOf(format.framing ?? 'sse', (event, data) => decoder.push(event, data, emit));
    splitter.push(bytes);
    splitter.end();
    decoder.end(emit);
    if (events.some(({ type }) => type === 'error')) return null;
    return Uint8Array.from(Buffer.from(JSON.stringify(format.response.encode(foldEvents(events)))));
  } catch {
    // It broke off, or is none: it is kept as it came.
    return null;
  }
}
