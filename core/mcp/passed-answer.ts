import { type HeaderList, headerOf } from '@headgate/sdk';
import { answerHeaders } from '../answer-headers.js';
import { type ErrorCode, GatewayError, gatewayError } from '../errors.js';
import type { Exchange, Running } from '../exchange.js';
import { answerBytes, failNow } from '../fail.js';
import { endedBy } from '../identity/standing.js';
import type { Changed } from '../identity/stored-keys.js';
import type { VirtualKey } from '../identity/virtual-key.js';
import { startStream } from '../relay/stream-head.js';
import { settle } from '../stages/settle.js';
import type { AnswerStream, StreamSource } from '../streamed.js';
import type { Waiting } from '../upstream/deadlines.js';
import { behalvesOf } from './behalf.js';
import { CountedRequests } from './counted.js';
import type { McpQuestion, McpToldAnswer, PassedRequest } from './front-protocol.js';
import { NeedsBrowser } from './refusal.js';
import { baseOf } from './resource-metadata.js';
import { callTool, type ToolCaller } from './tool-call.js';
import type { ToolCatalog } from './tool-catalog.js';

/**
 * A request that the main thread answers, as the thread that has the client sees it: what comes is passed on as fast as
 * the client takes it, and what the main thread wants of this thread is done with the client's rights.
 */
export class PassedAnswer implements AnswerStream, Running, Waiting {
  readonly deadline = Number.POSITIVE_INFINITY;
  place = -1;
  private source: StreamSource | null = null;
  private head: { status: number; type: string; headers: HeaderList } | null = null;
  /** An answer that is no stream leaves whole. */
  private whole: Uint8Array[] = [];
  private streaming = false;
  private stays = false;
  /** The client is gone, and what it has asked for goes on: it may come back. */
  private away = false;
  /** Bytes that were written and not yet reported: the client is slow. */
  private owed = 0;
  private readonly caller: ToolCaller;
  private readonly calls = new Map<string, AbortController>();
  private readonly counted: CountedRequests;

  constructor(
    private readonly x: Exchange,
    private readonly catalog: ToolCatalog,
    private readonly name: string | null,
    /** Of the client; null where there are no other nodes, or one of them has passed the request on. */
    private readonly address: string | null,
  ) {
    const { principal, metadata, incoming } = x;
    this.caller = {
      principal: principal as VirtualKey,
      metadata,
      path: incoming.path,
      headers: incoming.headers,
    };
    this.counted = new CountedRequests(x.io, this.caller);
  }

  /** Throws a GatewayError when there is no such server for this caller. */
  begin(): void {
    const { x, catalog, name, caller } = this;
    const { principal } = caller;
    const virtual = name !== null && x.runtime.config.mcp?.virtual.has(name) === true;
    const servers = name === null || virtual ? catalog.servers(principal) : [catalog.server(principal, name)];
    const { method, headers, body } = x.incoming;
    x.attempt = this;
    x.io.deadlines.add(this);
    const source = x.io.control.stream(
      {
        about: 'mcp',
        method,
        headers: headers.filter((_, i) => isForMain(headers[i - (i % 2)] as string)),
        body: Uint8Array.from(body.bytes),
        name,
        caller: {
          keyId: principal.id,
          servers: servers.map(({ id }) => id),
          behalf: behalvesOf(servers, caller),
          base: baseOf(x.runtime.config, headers),
        },
        passed: this.passed(),
      },
      this,
    );
    this.source = source;
    if (x.settled) this.release();
    else if (this.owed > 0 && !x.incoming.sink.full) this.resume();
  }

  /** In a cluster, what another node must know if the session is its own. */
  private passed(): PassedRequest | null {
    const { x, address } = this;
    const { path, headers } = x.incoming;
    if (address === null || x.header('mcp-session-id') === undefined) return null;
    return { path, headers, address };
  }

  start(status: number, headers: HeaderList, stays: boolean): void {
    const { x } = this;
    if (x.settled) return;
    this.stays = stays;
    const type = headerOf(headers, 'content-type') ?? 'application/json';
    this.head = { status, type, headers };
    if (!type.startsWith('text/event-stream')) return;
    this.streaming = true;
    x.stream = true;
    x.answered = true;
    x.incoming.sink.onDrain = () => this.resume();
    startStream(x, status, type, headers);
    // The head leaves with the first bytes, and here these may be long in coming.
    if (x.incoming.method === 'GET') x.incoming.sink.write(NOTHING_YET);
    x.incoming.sink.flush();
  }

  write(bytes: Uint8Array): void {
    const { x } = this;
    if (x.settled) return;
    if (!this.streaming) {
      this.whole.push(bytes);
      this.source?.took(bytes.length);
      return;
    }
    this.owed += bytes.length;
    if (x.incoming.sink.write(bytes)) this.resume();
  }

  end(): void {
    const { x, head } = this;
    this.over();
    if (x.settled) return;
    if (this.streaming) {
      x.incoming.sink.end();
      settle(x);
    } else if (head !== null) {
      const { status, type, headers } = head;
      const body = Buffer.concat(this.whole);
      x.answered = false;
      answerBytes(x, status, answerHeaders(x, type, headers), body);
    }
  }

  detach(): void {
    const { x } = this;
    if (x.settled) return;
    this.away = true;
    x.incoming.sink.end();
    settle(x);
  }

  fail(why: string): void {
    const { x } = this;
    this.over();
    if (x.settled) return;
    x.io.log.error('an MCP request failed', { request: x.id, why });
    this.breakOff(gatewayError('internal'));
  }

  async ask(question: McpQuestion): Promise<McpToldAnswer> {
    try {
      return await this.answer(question);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      const { code, message, status, retryAfterMs = null } = error.canonical;
      const url = error instanceof NeedsBrowser ? error.url : null;
      return { error: { code: code as ErrorCode, message, status, retryAfterMs, url } };
    }
  }

  withdraw(question: string): void {
    this.calls.get(question)?.abort(new Error('the client has cancelled the call'));
  }

  /** The client has caught up. */
  resume(): void {
    const { owed, source } = this;
    if (source === null) return;
    this.owed = 0;
    if (owed > 0) source.took(owed);
  }

  /** The client is gone. */
  stop(): void {
    const { source } = this;
    if (!this.stays || source === null) {
      this.release();
      return;
    }
    this.away = true;
    source.left();
  }

  release(): void {
    if (!this.away) this.letGo();
  }

  private over(): void {
    this.source = null;
    if (this.away) this.x.io.deadlines.delete(this);
  }

  private letGo(): void {
    const { source } = this;
    this.source = null;
    this.x.io.deadlines.delete(this);
    for (const call of this.calls.values()) call.abort(new Error('the client is gone'));
    source?.stop();
  }

  onDeadline(): void {}

  cutOff(code: ErrorCode): void {
    this.breakOff(gatewayError(code));
  }

  review(changed: Changed): void {
    const error = endedBy(this.x, changed);
    if (error !== null) this.breakOff(new GatewayError(error));
  }

  private breakOff({ canonical }: GatewayError): void {
    const { x } = this;
    if (this.away) this.letGo();
    if (x.settled) return;
    if (!this.streaming) {
      failNow(x, canonical);
      return;
    }
    // There is no message for it: clients see that the stream is over, and come again.
    x.error = canonical;
    x.incoming.sink.end();
    settle(x);
  }

  private async answer(question: McpQuestion): Promise<McpToldAnswer> {
    const { catalog, caller, x } = this;
    if (question.ask === 'tools') {
      const { tools, missing } = await catalog.list(caller, question.servers);
      if (tools.length === 0 && missing[0] !== undefined) throw missing[0].error;
      return { tools: tools.map(({ server, tool }) => ({ server: server.id, tool })) };
    }
    if (question.ask === 'count') {
      const counting = new AbortController();
      this.calls.set(question.id, counting);
      const server = catalog.server(caller.principal, question.server);
      try {
        await this.counted.begin(question.id, server, question.what, counting.signal);
      } catch (error) {
        this.calls.delete(question.id);
        throw error;
      }
      return { done: true };
    }
    if (question.ask === 'counted') {
      this.calls.delete(question.id);
      this.counted.end(question.id, question.answered);
      return { done: true };
    }
    if (question.ask === 'function') throw new Error('there is no program here');
    const { id, server, tool, arguments: args, session, input, meta, progress } = question;
    const call = new AbortController();
    this.calls.set(id, call);
    try {
      const { result } = await callTool(x.io, caller, {
        server,
        tool,
        arguments: args,
        signal: call.signal,
        ...(session !== '' && { session }),
        input,
        meta,
        ...(progress && {
          onProgress: (step) => this.source?.report({ id, progress: step }),
        }),
      });
      return { result };
    } finally {
      this.calls.delete(id);
    }
  }
}

/** A comment of an event stream. */
const NOTHING_YET = ': here\n\n';

/** What says who the client is stays here. */
function isForMain(header: string): boolean {
  return (
    header.startsWith('mcp-') || ['accept', 'content-type', 'last-event-id', 'user-agent'].includes(header)
  );
}
