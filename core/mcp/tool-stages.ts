import type { Reply, ToolResult } from '@headgate/sdk';
import { answerWithReply } from '../answer.js';
import { serverPlace, toolPlace } from '../config/resolve-mcp.js';
import { gatewayError } from '../errors.js';
import type { Exchange } from '../exchange.js';
import type { Stage } from '../pipeline.js';
import { runChain } from '../plan/run-chain.js';
import { runGate } from '../plan/run-gate.js';
import { check } from '../stages/check.js';
import { viewOf } from '../view.js';
import { behalfOf } from './behalf.js';
import { attemptOf, CallAtServer, noteReply } from './call-at-server.js';
import { isQuestion } from './protocol.js';
import { NeedsBrowser, refusalError } from './refusal.js';
import { BadSchema, misfit } from './schema-check.js';
import type { ToolCatalog } from './tool-catalog.js';
import { TOOL_FAILED } from './tool-failed.js';
import { withRulesOf } from './tool-links.js';
import { type OfferedTool, placeOf, type ToolRun } from './tool-run.js';

/**
 * The life of a call of a tool whose caller is known, however it came. It is settled like any request: exactly once, with a
 * record of its own, counted for the caller, the server and the tool.
 *
 * @param answer gives the caller the result
 */
export function toolStages(catalog: ToolCatalog, answer: Stage): readonly Stage[] {
  return [
    (x) => noted(x, find(x, catalog)), // which tool it is, and whether the caller may use it
    plan, //     the hooks of calls of that tool
    checkArguments,
    check, //    limits, budgets: the request gates
    guard, //    the tool gates, which may answer
    (x) => noted(x, send(x, catalog)), // to the server and back
    look, //     the hooks of results
    noteFailure,
    answer,
  ];
}

/** Whoever wants the call may be able to have a page opened. */
async function noted(x: Exchange, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (error instanceof NeedsBrowser) runOf(x).url = error.url;
    throw error;
  }
}

function runOf(x: Exchange): ToolRun {
  if (x.tool === null) throw new Error('it is no call of a tool');
  return x.tool;
}

function offeredOf(x: Exchange): OfferedTool {
  const { offered } = runOf(x);
  if (offered === null) throw new Error('the tool has not been found yet');
  return offered;
}

async function find(x: Exchange, catalog: ToolCatalog): Promise<void> {
  const run = runOf(x);
  const caller = x.principal;
  if (caller === null) throw new Error('the caller is not known yet');
  const { server, tool } = run.asked;
  const user = { principal: caller, metadata: x.metadata, headers: x.incoming.headers };
  const offered = run.guest ?? (await catalog.find(user, server, tool));
  if (x.answered) return;
  run.offered = offered;
  run.behalf = behalfOf(offered.server, user);
  x.model = toolPlace(placeOf(offered), offered.tool.name);
  x.principal = withRulesOf(caller, offered);
}

function plan(x: Exchange): void {
  x.plan = x.runtime.plans.find(x.endpoint.format, x.model);
}

/** Before anything is counted: what makes no sense costs nothing. */
function checkArguments(x: Exchange): void {
  const { server, tool } = offeredOf(x);
  const why = told(server.id, tool.name, () => misfit(tool.inputSchema, runOf(x).args, 'arguments'));
  if (why !== null) throw gatewayError('mcp_arguments_invalid', { tool: tool.name, why });
}

/** What a server promises of its results it must keep. */
function checkResult(x: Exchange): void {
  const { server, tool } = offeredOf(x);
  const { outputSchema } = tool;
  const result = runOf(x).result as ToolResult;
  if (outputSchema === null || result.isError === true) return;
  const { structuredContent: value } = result;
  const why =
    value === undefined
      ? 'there is no structuredContent'
      : told(server.id, tool.name, () => misfit(outputSchema, value, 'structuredContent'));
  if (why !== null) throw gatewayError('mcp_result_invalid', { server: server.id, tool: tool.name, why });
}

function told(server: string, tool: string, look: () => string | null): string | null {
  try {
    return look();
  } catch (error) {
    const why = error instanceof BadSchema ? error.message : 'it is too deep';
    throw gatewayError('mcp_schema_invalid', { server, tool, why });
  }
}

/** What a gate answers is given in the server's place, like a result of it; an error ends the call. */
function guard(x: Exchange): Promise<void> | undefined {
  const gates = x.plan?.tool ?? null;
  // Hooks are told of calls of tools alone.
  if (gates === null || runOf(x).perform !== null) return undefined;
  const take = (answer: Reply | ToolResult | undefined): void => {
    if (x.answered) return;
    if (answer === undefined) {
      if (runOf(x).edited) checkArguments(x);
    } else if (isResult(answer)) runOf(x).result = answer;
    else answerWithReply(x, answer);
  };
  const answer = runGate<ToolResult>(gates, viewOf(x), x);
  if (answer instanceof Promise) return answer.then(take);
  take(answer);
  return undefined;
}

function isResult(answer: Reply | ToolResult): answer is ToolResult {
  return 'content' in answer;
}

function look(x: Exchange): Promise<void> | undefined {
  const hooks = x.plan?.toolResult ?? null;
  const run = runOf(x);
  if (hooks === null || run.perform !== null || isQuestion(run.result as ToolResult)) return undefined;
  const result = runChain(hooks, run.result as ToolResult, viewOf(x), x);
  if (result instanceof Promise)
    return result.then((value) => {
      run.result = value;
    });
  run.result = result;
  return undefined;
}

/** What the tool itself calls a failure is an answer to whoever called it, and one to look for in the log. */
function noteFailure(x: Exchange): void {
  if (runOf(x).result?.isError === true) x.finish = TOOL_FAILED;
}

/** Somebody else asks the server, and says how it went. */
async function performed(x: Exchange, perform: () => Promise<boolean>): Promise<void> {
  const run = runOf(x);
  run.provider = serverPlace(offeredOf(x).server.id);
  run.name = offeredOf(x).tool.name;
  const startedAt = performance.now();
  const answered = await perform();
  if (x.answered) return;
  const ms = performance.now() - startedAt;
  x.waitedMs += ms;
  const details = { server: run.provider, tool: run.name, code: '', why: 'its client has been told' };
  const failed = { refused: { code: 'mcp_call_failed', details, sent: true } } as const;
  const record = { ...attemptOf(run, startedAt - x.startedAt), ms };
  noteReply(record, answered ? { done: true } : failed);
  x.attempts.push(record);
  x.billedNano = answered ? run.priceNano : 0;
  if (!answered) throw gatewayError('mcp_call_failed', details);
  run.result = { content: [] };
}

async function send(x: Exchange, catalog: ToolCatalog): Promise<void> {
  const run = runOf(x);
  if (run.perform !== null) return performed(x, run.perform);
  if (run.result !== null) {
    x.billedNano = 0;
    return;
  }
  const place = catalog.results.placeOf(x, run);
  const known = place === null ? null : catalog.results.get(place);
  if (place !== null) x.cache = known === null ? 'miss' : 'hit-exact';
  if (known !== null) {
    run.result = known;
    x.billedNano = 0;
    return;
  }
  const { server, tool, settings, guest } = offeredOf(x);
  const { onProgress } = run;
  const quiet = onProgress === null ? null : catalog.listen(x.id, onProgress);
  run.provider = serverPlace(guest?.place ?? server.id);
  run.name = tool.name;
  const running = new CallAtServer(x, run);
  x.attempt = running;
  const timeoutMs = Math.min(settings?.timeoutMs ?? server.timeouts.callMs, x.timeoutMs);
  const reply = await x.io.control
    .mcp({
      do: 'call',
      server: guest?.connection ?? server.id,
      behalf: run.behalf,
      tool,
      arguments: run.args,
      call: x.id,
      timeoutMs,
      session: run.session,
      ...(run.input !== null && { input: run.input }),
      ...(run.meta !== null && { meta: run.meta }),
      progress: onProgress !== null,
    })
    .finally(() => {
      running.over();
      quiet?.();
    });
  if (x.answered) return;
  running.ended(reply);
  if ('refused' in reply) {
    // What did not reach the server costs nothing; what did may have been done, whether or not we hear of it.
    x.billedNano = reply.refused.sent ? run.priceNano : 0;
    throw refusalError(reply.refused, x.runtime.config, x.incoming.headers);
  }
  if (!('result' in reply)) throw new Error('the main thread answered another question');
  run.result = reply.result;
  // The call has not come to its end, which is what it costs.
  x.billedNano = isQuestion(reply.result) ? 0 : run.priceNano;
  if (isQuestion(reply.result)) return;
  checkResult(x);
  if (place !== null) catalog.results.set(place, reply.result);
}
