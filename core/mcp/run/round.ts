import {
  type CanonicalError,
  type CanonicalRequest,
  type StreamEvent,
  type Usage,
  unfoldResponse,
} from '@headgate/sdk';
import { canonicalError } from '../../errors.js';
import { Exchange } from '../../exchange.js';
import { RequestBody } from '../../http/request-body.js';
import { attemptTargets } from '../../model-call.js';
import { proceed, type Stage } from '../../pipeline.js';
import type { ClientSink } from '../../relay/sink.js';
import { anchor } from '../../stages/anchor.js';
import { check } from '../../stages/check.js';
import { claim } from '../../stages/claim.js';
import { decode } from '../../stages/decode.js';
import { plan } from '../../stages/plan.js';
import { route } from '../../stages/route.js';
import { scan } from '../../stages/scan.js';
import { costOf } from '../../stages/settle.js';
import { sumOf } from '../../sum-of-usage.js';
import { SseSplitter } from '../../wire/sse-split.js';
import { bodyOf } from './request-with-tools.js';

/** A round is a request like any other of the same caller: limits, budgets, guards, targets and its record are its own. */
const STAGES: readonly Stage[] = [scan, plan, claim, decode, check, route, anchor, attemptTargets];

export interface Bill {
  readonly usage: Usage | null;
  /** Nano-dollars; null when nobody knows. */
  readonly nano: number | null;
}

/** What a round came to. */
export interface RoundEnd extends Bill {
  readonly error: CanonicalError | null;
}

/** As `settle` will book it. */
function billOf(x: Exchange): Bill {
  if (x.usage === null && x.meter !== null) x.usage = x.meter.usage();
  const { usage, spent } = x;
  const nano = costOf(x);
  return { nano, usage: spent === null ? usage : usage === null ? spent.usage : sumOf(usage, spent.usage) };
}

export interface RoundAsk {
  /** As one of several of a run, from 1. */
  readonly number: number;
  readonly request: CanonicalRequest;
  /** Longest time, milliseconds. */
  readonly timeoutMs: number;
  readonly onEvent: (event: StreamEvent) => void;
  /** Whether the client can take more. */
  readonly hasRoom: () => boolean;
}

/** One request to the model within a run. */
export class Round {
  readonly ended: Promise<RoundEnd>;
  private readonly x: Exchange;
  private readonly sink: RoundSink;

  constructor(run: Exchange, { number, request, timeoutMs, onEvent, hasRoom }: RoundAsk) {
    const body = new RequestBody(Number.POSITIVE_INFINITY);
    body.set(Buffer.from(JSON.stringify(bodyOf(run, request))));
    const { method, path, query, headers } = run.incoming;
    const sink = (this.sink = new RoundSink(() => this.x, onEvent, hasRoom));
    const own = headers.flatMap((name, i) =>
      i % 2 === 0 && !isOfRun(name) ? [name, headers[i + 1] as string] : [],
    );
    const incoming = { method, path, query, model: '', headers: own, body, sink };
    const x = (this.x = new Exchange(run.io, run.endpoint, incoming, `${run.id}.${number}`));
    x.principal = run.principal;
    x.metadata = run.metadata;
    x.timeoutMs = timeoutMs;
    this.ended = sink.ended;
  }

  begin(): void {
    this.x.io.inFlight++;
    proceed(this.x, STAGES);
  }

  /** Of the target that answers; null until one does. */
  get target(): Exchange['target'] {
    return this.x.target;
  }

  /** The client has caught up. */
  resume(): void {
    this.sink.onDrain?.();
  }

  /** Nobody wants it any longer. It does not end then; what it has used is said at once. */
  stop(): Bill {
    const bill = billOf(this.x);
    this.x.io.abandoned(this.x);
    return bill;
  }
}

/** Headers that are about the run, not about what is asked of the model. */
function isOfRun(name: string): boolean {
  return (
    name.startsWith('x-headgate-mcp') ||
    name === 'x-headgate-run' ||
    name === 'x-headgate-approve' ||
    name === 'x-headgate-timeout'
  );
}

/** Reads the answer of a round in the client's own API. */
class RoundSink implements ClientSink {
  onDrain: (() => void) | null = null;
  readonly ended: Promise<RoundEnd>;
  private finish: (end: RoundEnd) => void = () => {};
  private error: CanonicalError | null = null;
  private over = false;
  private splitter: SseSplitter | null = null;

  constructor(
    private readonly exchange: () => Exchange,
    private readonly onEvent: (event: StreamEvent) => void,
    private readonly hasRoom: () => boolean,
  ) {
    this.ended = new Promise((resolve) => {
      this.finish = resolve;
    });
  }

  get full(): boolean {
    return !this.hasRoom();
  }

  send(status: number, _headers: unknown, body: Uint8Array | string): void {
    const x = this.exchange();
    const bytes =
      typeof body === 'string' ? Buffer.from(body) : Buffer.from(body.buffer, body.byteOffset, body.length);
    if (status >= 400) this.error = x.error ?? x.endpoint.format.error.decode(status, bytes.toString('utf8'));
    else if (x.stream) this.events(bytes);
    else this.whole(bytes);
    this.done();
  }

  start(): void {}

  write(chunk: Uint8Array | string): boolean {
    this.events(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
    return this.hasRoom();
  }

  flush(): void {}

  end(): void {
    this.done();
  }

  cut(): void {
    this.error ??= canonicalError('stream_interrupted', {
      provider: this.exchange().target?.provider.id ?? '',
      why: '',
    });
    this.done();
  }

  private events(bytes: Uint8Array): void {
    if (this.splitter === null) {
      const decoder = this.exchange().endpoint.format.stream?.decoder();
      this.splitter = new SseSplitter((type, data) => decoder?.push(type, data, (event) => this.hear(event)));
    }
    this.guarded(() => this.splitter?.push(bytes));
  }

  private whole(bytes: Buffer): void {
    this.guarded(() => {
      const response = this.exchange().endpoint.format.response?.decode(JSON.parse(bytes.toString('utf8')));
      if (response !== undefined) for (const event of unfoldResponse(response)) this.hear(event);
    });
  }

  private hear(event: StreamEvent): void {
    if (event.type === 'error') this.error ??= event.error;
    else this.onEvent(event);
  }

  private guarded(read: () => void): void {
    if (this.error !== null) return;
    try {
      read();
    } catch (reason) {
      const why = reason instanceof Error ? reason.message : String(reason);
      this.error = canonicalError('provider_bad_answer', {
        provider: this.exchange().target?.provider.id ?? '',
        why,
      });
    }
  }

  /** Once its request has been settled, which happens before anybody who waits goes on. */
  private done(): void {
    if (this.over) return;
    this.over = true;
    const x = this.exchange();
    this.finish({ error: x.error ?? this.error, ...billOf(x) });
  }
}
