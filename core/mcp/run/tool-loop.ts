import { randomBytes } from 'node:crypto';
import type {
  CanonicalError,
  CanonicalRequest,
  Message,
  Part,
  StreamEvent,
  ToolCallPart,
  Usage,
} from '@headgate/sdk';
import { foldEvents } from '@headgate/sdk';
import { canonicalError, type ErrorCode } from '../../errors.js';
import type { Exchange, Running } from '../../exchange.js';
import { fail } from '../../fail.js';
import { endedBy } from '../../identity/standing.js';
import type { Changed } from '../../identity/stored-keys.js';
import type { VirtualKey } from '../../identity/virtual-key.js';
import { usdText } from '../../money.js';
import { sumOf } from '../../sum-of-usage.js';
import type { Waiting } from '../../upstream/deadlines.js';
import { META_SERVER } from './meta-tools.js';
import { nextRequest } from './next-request.js';
import type { CallResult } from './result-parts.js';
import { type Bill, Round, type RoundEnd } from './round.js';
import type { RunAnswer } from './run-answer.js';
import { type RunCall, RunCalls, runCall } from './run-calls.js';
import type { RunPlan } from './run-plan.js';
import { keepWaiting } from './waiting-runs.js';

/** What the model said in a round. */
interface Said {
  readonly end: RoundEnd;
  readonly parts: readonly Part[];
  readonly calls: readonly ToolCallPart[];
  readonly finish: Extract<StreamEvent, { type: 'finish' }> | null;
}

const itemId = (prefix: string): string => `${prefix}_${randomBytes(12).toString('hex')}`;

/**
 * A run: the model is asked, the tools that it calls are called, and it is asked again with what they gave, until it answers.
 * Its exchange is the client's side of it, and is recorded as a run, without usage or cost of its own: each round and each
 * call is a request whose id begins with the run's, and has these.
 */
export class ToolLoop implements Running, Waiting {
  deadline: number;
  place = -1;
  private readonly stopping = new AbortController();
  private readonly calls: RunCalls;
  private round: Round | null = null;
  private rounds = 0;
  private usage: Usage | null = null;
  /** Of models, nano-dollars. */
  private nano = 0;
  private late = false;
  /** Since when it has waited for a round or for calls. */
  private waits = 0;
  private readonly startedAt = performance.now();

  constructor(
    private readonly x: Exchange,
    private readonly plan: RunPlan,
    private readonly answer: RunAnswer,
  ) {
    const { principal, metadata, incoming } = x;
    const { path, headers } = incoming;
    const caller = { principal: principal as VirtualKey, metadata, path, headers };
    this.calls = new RunCalls(
      x.io,
      caller,
      plan.names,
      plan.limits,
      this.stopping.signal,
      plan.meta,
      () => this.nano,
    );
    this.deadline = x.startedAt + Math.min(plan.limits.timeoutMs, x.timeoutMs);
  }

  begin(): void {
    const { x } = this;
    x.isRun = true;
    x.attempt = this;
    x.io.deadlines.add(this);
    x.incoming.sink.onDrain = () => this.resume();
    this.go().catch((reason) => this.failed(reason));
  }

  stop(): void {
    this.stopping.abort();
    if (this.round !== null) this.count(this.round.stop());
    this.round = null;
  }

  resume(): void {
    this.round?.resume();
  }

  release(): void {
    const { x } = this;
    x.io.deadlines.delete(this);
    x.incoming.sink.onDrain = null;
    this.stop();
    this.plan.ended();
  }

  onDeadline(): void {
    this.deadline = Number.POSITIVE_INFINITY;
    this.late = true;
    this.stop();
    if (this.answer.hasParts) this.cutShort('time');
    else {
      const limit = Math.round(performance.now() - this.startedAt);
      this.fail(canonicalError('request_timeout', { limit }));
    }
  }

  cutOff(code: ErrorCode): void {
    this.fail(canonicalError(code));
  }

  review(changed: Changed): void {
    const error = endedBy(this.x, changed);
    if (error !== null) this.fail(error);
  }

  private async go(): Promise<void> {
    const { x, plan, answer } = this;
    let { request } = plan;
    if (plan.asksSomething && plan.items === null && x.stream) x.addHeaders(['x-headgate-run', plan.waitId]);
    this.list();
    request = await this.settleOld(request);
    for (;;) {
      if (x.settled) return;
      const limit = this.limitReached();
      if (limit !== null) {
        this.cutShort(limit);
        return;
      }
      const said = await this.ask(request);
      if (x.settled) return;
      if (said.end.error !== null) {
        this.fail(said.end.error);
        return;
      }
      const { mine, theirs } = this.sorted(said.calls);
      const cut = said.finish?.reason === 'length' || said.finish?.reason === 'content-filter';
      const handsOver = mine.length === 0 || cut || (theirs.length > 0 && plan.items === null);
      if (handsOver) {
        // A client whose API has words for our calls gets none that are ours and were cut short.
        // Nobody but the gateway can make calls of its own tools.
        const calls = said.calls.filter(({ name }) => plan.meta?.has(name) !== true);
        this.answer.hand(plan.items === null ? calls : theirs);
        this.finish(said.finish);
        return;
      }
      const waiting = mine.filter((call) => this.mustAsk(call));
      const results = await this.call(mine.filter((call) => !waiting.includes(call)));
      if (x.settled) return;
      request = nextRequest(request, plan, said.parts, results);
      if (plan.meta !== null) request = plan.meta.extended(request);
      if (waiting.length > 0) {
        await this.pause(request, waiting, theirs);
        return;
      }
      if (theirs.length > 0) {
        this.answer.hand(theirs);
        this.finish(said.finish);
        return;
      }
      answer.newRound();
    }
  }

  /** Servers that the client has named itself tell it what they have. */
  private list(): void {
    const { items, lists } = this.plan;
    if (items === null) return;
    for (const { label, tools } of lists) {
      const told = tools.map(({ tool }) => tool);
      this.answer.item(items.list(itemId('mcpl'), label, told, null));
    }
  }

  /** What waited for the client, and what it has agreed to. */
  private async settleOld(request: CanonicalRequest): Promise<CanonicalRequest> {
    const { agreed, waiting, names } = this.plan;
    const old = agreed.map(({ question, server, tool, arguments: args }, i) => ({
      id: question,
      name: names.exactly(server, tool),
      arguments: args,
      requestId: `${this.x.id}.0.${i + 1}`,
    }));
    const results = await this.call(old, true);
    agreed.forEach(({ place, question }) => {
      const result = results.get(question);
      if (result === undefined) return;
      place.content = result.parts;
      if (result.failed) place.isError = true;
    });
    if (waiting.length === 0) return request;
    const again = waiting
      .filter(({ agreed }) => agreed)
      .map((call, i) => ({ ...call, requestId: `${this.x.id}.0.${i + 1}` }));
    const done = await this.call(again);
    const messages = waiting.map(({ id }): Message => {
      const result = done.get(id);
      const content = result?.parts ?? [{ type: 'text', text: 'The user did not agree to this call.' }];
      return {
        role: 'tool',
        parts: [{ type: 'tool-result', callId: id, content, isError: result?.failed ?? true }],
      };
    });
    return { ...request, messages: [...request.messages, ...messages] };
  }

  private limitReached(): string | null {
    const { rounds, nanos } = this.plan.limits;
    if (this.late) return 'time';
    if (this.rounds >= rounds) return 'rounds';
    if (nanos !== null && this.nano + this.calls.nano >= nanos) return 'money';
    return null;
  }

  private async ask(request: CanonicalRequest): Promise<Said> {
    const { x, answer, plan } = this;
    const events: StreamEvent[] = [];
    const callParts = new Set<number>();
    const onEvent = (event: StreamEvent): void => {
      events.push(event);
      if ('choice' in event && event.choice !== 0) return;
      if (event.type === 'start') {
        this.waited();
        this.name(round);
        answer.start(event);
      } else if (event.type === 'part-start' && event.kind === 'tool-call') callParts.add(event.part);
      else if ('part' in event && !callParts.has(event.part)) answer.part(event);
    };
    const timeoutMs = Math.max(1, Math.ceil(this.deadline - performance.now()));
    const asked = plan.items === null ? request : plan.items.round(request);
    const round = new Round(x, {
      number: ++this.rounds,
      request: asked,
      timeoutMs,
      onEvent,
      hasRoom: () => answer.hasRoom,
    });
    this.round = round;
    this.waits = performance.now();
    round.begin();
    const end = await round.ended;
    this.waited();
    this.round = null;
    this.count(end);
    const choice = foldEvents(events).choices.find(({ index }) => index === 0);
    const parts = choice?.parts ?? [];
    const calls = parts.filter((part): part is ToolCallPart => part.type === 'tool-call');
    const finish = events.findLast((event) => event.type === 'finish' && event.choice === 0) ?? null;
    return { end, parts, calls, finish: finish as Said['finish'] };
  }

  /** Time that passes while others work is not the gateway's own. */
  private waited(): void {
    const now = performance.now();
    this.x.waitedMs += now - this.waits;
    this.waits = now;
  }

  private count({ usage, nano }: Bill): void {
    if (usage !== null) this.usage = this.usage === null ? usage : sumOf(this.usage, usage);
    this.nano += nano ?? 0;
  }

  /** The head of the answer names the target of the first round. */
  private name({ target }: Round): void {
    if (this.rounds > 1 || target === null || this.answer.sent) return;
    this.x.addHeaders(['x-headgate-provider', target.provider.id, 'x-headgate-model', target.modelText]);
  }

  /** Calls of tools of servers, and of nobody's, which the model is told; and those of the client's own tools. */
  private sorted(calls: readonly ToolCallPart[]): { mine: RunCall[]; theirs: ToolCallPart[] } {
    const { names, clientTools } = this.plan;
    const mine: RunCall[] = [];
    const theirs: ToolCallPart[] = [];
    for (const call of calls) {
      const isTheirs = call.custom === true || clientTools.has(call.name);
      if (isTheirs && names.find(call.name) === null) theirs.push(call);
      else mine.push(runCall(call, `${this.x.id}.${this.rounds}.${mine.length + 1}`));
    }
    return { mine, theirs };
  }

  private mustAsk(call: RunCall): boolean {
    const tool = this.plan.names.find(call.name);
    return tool !== null && this.plan.asks(tool);
  }

  /** What clients are told a function is of. */
  private placeOf(name: string): { server: string; tool: string } | null {
    const { names, meta } = this.plan;
    const known = names.find(name);
    if (known !== null) return { server: known.server.id, tool: known.tool.name };
    return meta?.has(name) === true ? { server: META_SERVER, tool: name } : null;
  }

  private async call(calls: readonly RunCall[], agreed = false): Promise<Map<string, CallResult>> {
    const { x, plan, answer } = this;
    const ids = new Map(calls.map((call) => [call, itemId('mcp')]));
    const tell = (call: RunCall, result: CallResult | null): void => {
      const place = this.placeOf(call.name);
      if (plan.items === null || place === null || x.settled) return;
      const question = agreed ? call.id : '';
      const named = { id: ids.get(call) ?? '', ...place, arguments: call.arguments };
      answer.item(plan.items.call({ ...named, question, result }));
    };
    if (x.stream) for (const call of calls) tell(call, null);
    this.waits = performance.now();
    const results = await this.calls.all(calls, (call, result) => {
      if (x.stream) tell(call, result);
    });
    this.waited();
    if (!x.stream) for (const [i, call] of calls.entries()) tell(call, results[i] ?? null);
    return new Map(calls.map((call, i) => [call.id, results[i] as CallResult]));
  }

  /** The client is asked; what it has been asked is remembered where its API cannot say it. */
  private async pause(
    request: CanonicalRequest,
    waiting: readonly RunCall[],
    theirs: readonly ToolCallPart[],
  ): Promise<void> {
    const { x, plan, answer } = this;
    const { items } = plan;
    if (items === null) {
      await keepWaiting(x, plan.waitId, request.messages, waiting);
      if (x.settled) return;
      if (!x.stream) x.addHeaders(['x-headgate-run', plan.waitId]);
      this.answer.hand(
        waiting.map(({ id, name, arguments: args }) => ({ type: 'tool-call', id, name, arguments: args })),
      );
      this.finish({ type: 'finish', choice: 0, reason: 'tool-calls' });
      return;
    }
    for (const call of waiting) {
      const tool = plan.names.find(call.name);
      if (tool === null) continue;
      answer.item(items.question(itemId('mcpr'), tool.server.id, tool.tool.name, call.arguments));
    }
    this.answer.hand(theirs);
    this.finish({ type: 'finish', choice: 0, reason: theirs.length > 0 ? 'tool-calls' : 'stop' });
  }

  private finish(finish: Said['finish']): void {
    this.totals();
    const { type: _, choice: __, ...rest } = finish ?? { type: 'finish', choice: 0, reason: 'stop' as const };
    this.answer.finish(rest, this.usage);
  }

  /** A limit ends the run: the client gets what there is, as an answer that was cut short. */
  private cutShort(limit: string): void {
    this.x.addHeaders(['x-headgate-mcp-ended', limit]);
    this.totals();
    this.answer.finish({ reason: 'length' }, this.usage);
  }

  private totals(): void {
    const { x, rounds, calls } = this;
    if (this.answer.sent) return;
    x.addHeaders(['x-headgate-mcp-rounds', String(rounds), 'x-headgate-mcp-calls', String(calls.count)]);
    x.addHeaders(['x-headgate-cost-usd', usdText(this.nano + calls.nano)]);
  }

  private fail(error: CanonicalError): void {
    this.totals();
    this.answer.fail(error);
  }

  private failed(reason: unknown): void {
    if (this.x.settled) return;
    if (this.answer.sent) {
      this.x.io.log.error('unexpected error in a run', { request: this.x.id, error: String(reason) });
      this.fail(canonicalError('internal'));
    } else fail(this.x, reason);
  }
}
