import type { HeaderList, JsonObject, RequestMetadata, ToolResult } from '@headgate/sdk';
import { GatewayError } from '../errors.js';
import { Exchange } from '../exchange.js';
import { nobody } from '../gone.js';
import { RequestBody } from '../http/request-body.js';
import type { VirtualKey } from '../identity/virtual-key.js';
import type { IoThread } from '../io-thread.js';
import { proceed } from '../pipeline.js';
import type { ClientSink } from '../relay/sink.js';
import { settle } from '../stages/settle.js';
import type { ToolInput, ToolProgress } from './protocol.js';
import { NeedsBrowser } from './refusal.js';
import { toolEndpoint } from './tool-endpoint.js';
import { type OfferedTool, ToolRun } from './tool-run.js';
import { toolStages } from './tool-stages.js';

/** On whose behalf tools are called: what is known of the request that wants them. An exchange past `identify` has it all. */
export interface ToolCaller {
  readonly principal: VirtualKey;
  readonly metadata: RequestMetadata;
  readonly path: string;
  readonly headers: HeaderList;
}

export interface ToolAsk {
  readonly server: string;
  /** Its own name at the server. */
  readonly tool: string;
  readonly arguments: JsonObject;
  /** Of the gateway's own endpoint, when it has a connection of its own to the server. */
  readonly session?: string;
  /** Of a client that the server may ask for something. */
  readonly input?: ToolInput | null;
  /** `_meta` for the server. */
  readonly meta?: JsonObject | null;
  /** The tool itself, of a server that the request has brought along. */
  readonly guest?: OfferedTool;
  /** Is done in place of the call. Resolves to whether the server has answered. */
  readonly perform?: () => Promise<boolean>;
  /** When it is aborted the server is told, and the call rejects with its reason. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ToolProgress) => void;
  /** Of the call as a request; its own when left out. */
  readonly requestId?: string;
}

export interface ToolOutcome {
  /** Of the call, for the log and the ledger. */
  readonly requestId: string;
  /** As the server gave it, or as hooks have changed it. `isError` is the tool's own failure, which a model can be told. */
  readonly result: ToolResult;
  readonly costNano: number;
}

/**
 * Calls a tool for somebody who is known, as a request of its own: rules, schema, limits, budgets and hooks are looked at, it
 * has a record, and its cost counts. Rejects with a GatewayError that says what went wrong; its codes begin with `mcp_` but for
 * those of limits, budgets and hooks.
 */
export async function callTool(io: IoThread, caller: ToolCaller, ask: ToolAsk): Promise<ToolOutcome> {
  const { signal } = ask;
  signal?.throwIfAborted();
  const catalog = await io.tools();
  return new Promise((resolve, reject) => {
    const { principal, metadata, path, headers } = caller;
    const sink = resultSink(() => {
      signal?.removeEventListener('abort', onAbort);
      const { error } = x;
      if (error !== null)
        reject(run.url === null ? new GatewayError(error) : new NeedsBrowser(error, run.url));
      else if (run.result !== null)
        resolve({ requestId: x.id, result: run.result, costNano: x.billedNano ?? 0 });
      else reject(signal?.aborted === true ? signal.reason : new Error('the call came to nothing'));
    });
    const body = new RequestBody(Number.POSITIVE_INFINITY);
    body.set(Buffer.from(JSON.stringify({ server: ask.server, tool: ask.tool, arguments: ask.arguments })));
    const incoming = { method: 'POST', path, query: '', model: '', headers, body, sink };
    const run = new ToolRun(ask, ask.arguments, ask.onProgress ?? null, ask);
    const x = new Exchange(io, toolEndpoint(io, 'tool'), incoming, ask.requestId);
    x.tool = run;
    x.principal = principal;
    x.metadata = metadata;
    const onAbort = (): void => {
      io.abandoned(x);
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', onAbort);
    io.inFlight++;
    proceed(x, toolStages(catalog, finish));
  });
}

/** The caller has the result already. */
function finish(x: Exchange): void {
  x.answered = true;
  x.status = 200;
  x.headAt = performance.now();
  x.incoming.sink.send(200, [], '');
  settle(x);
}

/** Whatever is told to the caller, be it an error: the exchange knows it. */
function resultSink(ended: () => void): ClientSink {
  return { ...nobody, send: ended };
}
