import type { JsonObject, ToolCallPart, ToolResult } from '@headgate/sdk';
import type { McpRunsConfig } from '../../config/mcp-config.js';
import { GatewayError } from '../../errors.js';
import type { IoThread } from '../../io-thread.js';
import { NeedsBrowser, withoutLink } from '../refusal.js';
import { callTool, type ToolCaller } from '../tool-call.js';
import type { MetaTools } from './meta-tools.js';
import { type CallResult, callResult, failedCall } from './result-parts.js';
import type { NamedTool, ToolNames } from './tool-names.js';

/** A call that a run makes, as the model wrote it. */
export interface RunCall {
  /** By which the model knows it. */
  readonly id: string;
  /** Of the function; `server__tool` as a rule. */
  readonly name: string;
  /** JSON, or what the model took for it. */
  readonly arguments: string;
  /** Of the call as a request. */
  readonly requestId: string;
}

export const runCall = ({ id, name, arguments: args }: ToolCallPart, requestId: string): RunCall => ({
  id,
  name,
  arguments: args,
  requestId,
});

/** Makes the calls of a run. What goes wrong with one is told to the model, which may do better. */
export class RunCalls {
  /** Nano-dollars so far. */
  nano = 0;
  count = 0;

  constructor(
    private readonly io: IoThread,
    private readonly caller: ToolCaller,
    private readonly names: ToolNames,
    private readonly limits: McpRunsConfig,
    /** The run is stopped. */
    readonly signal: AbortSignal,
    private readonly meta: MetaTools | null,
    /** What models have cost so far, nano-dollars. */
    private readonly ofModels: () => number,
  ) {}

  /** All of them, so many at once. `onResult` is told of each as it comes. Rejects when the run is stopped. */
  async all(
    calls: readonly RunCall[],
    onResult: (call: RunCall, result: CallResult) => void,
  ): Promise<CallResult[]> {
    const results: CallResult[] = new Array(calls.length);
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < calls.length) {
        const at = next++;
        const call = calls[at] as RunCall;
        const result = await this.one(call);
        this.signal.throwIfAborted();
        results[at] = result;
        onResult(call, result);
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.limits.parallel, calls.length) }, work));
    return results;
  }

  /** The run has cost as much as it may. */
  get isSpent(): boolean {
    const { nanos } = this.limits;
    return nanos !== null && this.nano + this.ofModels() >= nanos;
  }

  /** A call of a tool on the bill of the run, be it the model's or a program's. Rejects as calls do. */
  async make(
    named: NamedTool,
    args: JsonObject,
    requestId: string,
    signal: AbortSignal,
  ): Promise<ToolResult> {
    this.count++;
    const { result, costNano } = await callTool(this.io, this.caller, {
      server: named.server.id,
      tool: named.tool.name,
      arguments: args,
      signal,
      requestId,
      ...(named.guest !== undefined && { guest: named }),
    });
    this.nano += costNano;
    return result;
  }

  private async one(call: RunCall): Promise<CallResult> {
    if (this.meta?.has(call.name) === true) return this.meta.run(call, this);
    const named = this.names.find(call.name);
    if (named === null) return failedCall(`There is no tool ${JSON.stringify(call.name.slice(0, 100))}.`);
    const args = objectOf(call.arguments);
    if (typeof args === 'string') return failedCall(args);
    const { signal } = this;
    try {
      const result = await this.make(named, args, call.requestId, signal);
      return callResult(result, this.limits.resultBytes);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof GatewayError) return failedCall(toldOf(error));
      throw error;
    }
  }
}

/** An error of a call as a model may be told it, be it by a program. */
export function toldOf(error: GatewayError): string {
  const { code, message } = error.canonical;
  return `${code}: ${error instanceof NeedsBrowser ? withoutLink(message, error.url) : message}`;
}

/** The arguments, or what is wrong with them. */
export function objectOf(text: string): JsonObject | string {
  if (text.trim() === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return `The arguments are not JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  return 'The arguments are not a JSON object.';
}
