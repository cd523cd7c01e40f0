import type { CanonicalRequest, JsonObject, Tool } from '@headgate/sdk';
import type { McpCodeConfig } from '../../config/mcp-config.js';
import { GatewayError } from '../../errors.js';
import type { IoThread } from '../../io-thread.js';
import { freeName, type MetaTools } from '../run/meta-tools.js';
import { type CallResult, failedCall, told } from '../run/result-parts.js';
import { objectOf, type RunCall, type RunCalls, toldOf } from '../run/run-calls.js';
import type { NamedTool } from '../run/tool-names.js';
import type { ToolSearch } from '../select/tool-search.js';
import { askProgram } from './ask-program.js';
import { CODE_TOOLS, type CodeTool, codeToolText, describe, endText, find, programOf } from './code-words.js';
import { ProgramTools } from './program-tools.js';
import { argumentsOf, toolValue } from './tool-value.js';

export interface CodeParts {
  readonly io: IoThread;
  /** What programs can call: none that needs somebody's approval. */
  readonly tools: readonly NamedTool[];
  readonly search: ToolSearch<NamedTool>;
  readonly most: number;
  readonly limits: McpCodeConfig;
  readonly isTaken: (name: string) => boolean;
}

/** The three tools of a run in which the model writes programs: what these call never enters the conversation. */
export class CodeMode implements MetaTools {
  readonly functions: readonly Tool[];
  private readonly tools: ProgramTools<NamedTool>;
  private readonly byName = new Map<string, CodeTool>();

  constructor(private readonly parts: CodeParts) {
    this.tools = new ProgramTools(parts.tools);
    const which = Object.keys(CODE_TOOLS) as CodeTool[];
    const names = Object.fromEntries(
      which.map((one) => [one, freeName(CODE_TOOLS[one], parts.isTaken)]),
    ) as Record<CodeTool, string>;
    this.functions = which.map((one): Tool => {
      this.byName.set(names[one], one);
      const { description, inputSchema } = codeToolText(one, this.tools, names);
      return { kind: 'function', name: names[one], description, parameters: inputSchema };
    });
  }

  has(name: string): boolean {
    return this.byName.has(name);
  }

  async run(call: RunCall, calls: RunCalls): Promise<CallResult> {
    const args = objectOf(call.arguments);
    if (typeof args === 'string') return failedCall(args);
    switch (this.byName.get(call.name)) {
      case 'search':
        return resultOf(await find(args, this.tools, this.parts.search, this.parts.most));
      case 'describe':
        return resultOf(describe(args, this.tools));
      default:
        return this.program(args, call, calls);
    }
  }

  /** What is found needs no place in the request. */
  extended(request: CanonicalRequest): CanonicalRequest {
    return request;
  }

  private async program(args: JsonObject, call: RunCall, calls: RunCalls): Promise<CallResult> {
    const program = programOf(args);
    if (!('source' in program)) return failedCall(program.text);
    const { io, limits } = this.parts;
    const functions = this.tools.functions.map(({ object, name }) => [object, name] as const);
    let count = 0;
    const one = async (callee: number, argument: string, signal: AbortSignal): Promise<string> => {
      const { of } = this.tools.functions[callee] as (typeof this.tools.functions)[number];
      const requestId = `${call.requestId}.${++count}`;
      if (calls.isSpent) throw new Error('the run has cost as much as it may (mcp.runs.usd)');
      try {
        return toolValue(await calls.make(of, argumentsOf(argument), requestId, signal), of.tool);
      } catch (error) {
        throw error instanceof GatewayError ? new Error(toldOf(error)) : error;
      }
    };
    return resultOf(
      endText(await askProgram(io, { source: program.source, functions, limits }, one, calls.signal)),
    );
  }
}

function resultOf({ text, failed }: { readonly text: string; readonly failed: boolean }): CallResult {
  return failed ? failedCall(text) : told(text);
}
