import type { JsonObject, ToolResult } from '@headgate/sdk';
import type { ServerContext } from '@modelcontextprotocol/server';
import {
  CODE_TOOLS,
  type CodeAnswer,
  type CodeTool,
  codeToolText,
  describe,
  endText,
  find,
  programOf,
} from '../code/code-words.js';
import { type PlacedTool, ProgramTools } from '../code/program-tools.js';
import { argumentsOf, toolValue } from '../code/tool-value.js';
import type { ToldError, ToldTool } from '../front-protocol.js';
import { withoutLink } from '../refusal.js';
import { ToolSearch } from '../select/tool-search.js';
import { WordIndex } from '../select/word-index.js';
import { askCall } from './call-at.js';
import type { Asking, Desk } from './desk.js';
import { BETWEEN, toolJson } from './scope.js';
import { toldTools } from './told-tools.js';

const WHICH = Object.keys(CODE_TOOLS) as CodeTool[];
const HINTS: Readonly<Record<CodeTool, JsonObject>> = {
  search: { readOnlyHint: true, openWorldHint: false },
  describe: { readOnlyHint: true, openWorldHint: false },
  run: { readOnlyHint: false, openWorldHint: true },
};

let calls = 0;

/** Three tools in the place of all; those that somebody should be asked about stay tools of their own, which clients ask about. */
export function listCode({ code }: Desk, told: readonly ToldTool[]): JsonObject[] {
  const tools = programTools(code, told);
  const three = WHICH.map((which) => ({
    name: CODE_TOOLS[which],
    ...codeToolText(which, tools, CODE_TOOLS),
    annotations: HINTS[which],
  }));
  const others = told
    .filter(({ server, tool }) => code.needsApproval(server, tool.name))
    .map(({ server, tool }) => toolJson(tool, `${server}${BETWEEN}${tool.name}`, tool.description));
  return [...three, ...others];
}

/** A call of one of the three; null: it is of another tool. */
export async function callCode(
  desk: Desk,
  asking: Asking,
  params: { readonly name: string; readonly arguments?: JsonObject | undefined },
  ctx: ServerContext,
): Promise<ToolResult | null> {
  const which = WHICH.find((one) => CODE_TOOLS[one] === params.name);
  if (which === undefined) return null;
  const told = await toldTools(asking.pump, desk.scope.toolServers(asking.caller.servers));
  const tools = programTools(desk.code, told);
  const args = params.arguments ?? {};
  switch (which) {
    case 'search':
      return resultOf(await find(args, tools, searchAmong(tools), desk.code.most));
    case 'describe':
      return resultOf(describe(args, tools));
    case 'run':
      return resultOf(await run(desk, asking, tools, args, ctx));
  }
}

function programTools({ needsApproval }: Desk['code'], told: readonly ToldTool[]): ProgramTools<PlacedTool> {
  return new ProgramTools(
    told
      .filter(({ server, tool }) => !needsApproval(server, tool.name))
      .map(({ server, tool }) => ({ server: { id: server }, tool })),
  );
}

function searchAmong({ functions }: ProgramTools<PlacedTool>): ToolSearch<PlacedTool> {
  const all = functions.map(({ of }) => of);
  const servers = [...new Set(all.map(({ server }) => server.id))];
  const indexes = servers.map((id): [string, WordIndex] => [
    id,
    new WordIndex(all.filter(({ server }) => server.id === id).map(({ tool }) => tool)),
  ]);
  return new ToolSearch(all, new Map(indexes), null);
}

async function run(
  desk: Desk,
  asking: Asking,
  tools: ProgramTools<PlacedTool>,
  args: JsonObject,
  ctx: ServerContext,
): Promise<CodeAnswer> {
  const program = programOf(args);
  if (!('source' in program)) return program;
  const { pump } = asking;
  const { id: request } = ctx.mcpReq;
  // A program goes on by itself, whoever has left.
  const signal = AbortSignal.any([ctx.mcpReq.signal, pump.signal]);
  const call = async (callee: number, argument: string, over: AbortSignal): Promise<string> => {
    const { server, tool } = (tools.functions[callee] as (typeof tools.functions)[number]).of;
    const id = `p${++calls}`;
    const leave = desk.with(server.id, request);
    const withdraw = (): void => pump.withdraw(id);
    over.addEventListener('abort', withdraw, { once: true });
    try {
      const answer = await askCall(desk, asking, {
        id,
        server: server.id,
        tool: tool.name,
        arguments: argumentsOf(argument),
        progress: false,
        input: null,
        meta: null,
      });
      if ('error' in answer) throw new Error(wordsOf(answer.error));
      return toolValue(answer.result, tool);
    } finally {
      over.removeEventListener('abort', withdraw);
      leave();
    }
  };
  const functions = tools.functions.map(({ object, name }) => [object, name] as const);
  const { run, limits } = desk.code;
  return endText(await run({ source: program.source, functions, limits, call, signal }));
}

function wordsOf({ code, message, url }: ToldError): string {
  return `${code}: ${url === null ? message : withoutLink(message, url)}`;
}

function resultOf({ text, failed }: CodeAnswer): ToolResult {
  return { content: [{ type: 'text', text }], ...(failed && { isError: true }) };
}
