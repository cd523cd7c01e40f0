import type { CanonicalRequest } from '../canonical/request.js';
import type { Operation } from '../format.js';
import type { HeaderList } from '../headers.js';
import type { Logger, Slot } from '../host.js';
import type { JsonObject, JsonValue } from '../json.js';
import type { TaskRequest } from '../task.js';
import type { CalledTool } from '../tool.js';
import type { HeaderReader, Principal, RequestMetadata, Target } from '../views.js';
import { readerOf } from './fake-host.js';

/** What a test says about the request that a hook sees; all of it has a default. */
export interface ViewOverrides {
  requestId?: string;
  /** Unix milliseconds. Default: the host's clock. */
  receivedAt?: number;
  operation?: Operation;
  /** Wire format of the client. Default `openai-chat`. */
  format?: string;
  path?: string;
  headers?: Record<string, string>;
  principal?: Principal | null;
  metadata?: Partial<RequestMetadata>;
  model?: string;
  stream?: boolean;
  credential?: string | null;
  /** The last user message, in the hub and in the body. Default `Hello`. */
  prompt?: string;
  /** The request in the hub, in place of one with just the prompt. */
  request?: CanonicalRequest;
  /** In place of a chat: a request of another operation. */
  task?: TaskRequest;
  /** In place of a chat: a call of a tool, with its arguments. */
  tool?: Partial<CalledTool>;
  arguments?: JsonObject;
  /** The body: an object is written as JSON. Default: an OpenAI chat body with the prompt. */
  body?: Uint8Array | string | JsonObject;
  target?: Target;
  attempt?: number;
  /** Of the provider's answer. */
  status?: number;
  responseHeaders?: Record<string, string>;
  /** Cap on output tokens that the request sets; none by default. */
  maxOutputTokens?: number;
  /** The most it can cost, nano-dollars: whole, and its input alone. Default: no price is known. */
  maxCostNano?: { total: number; input: number } | null;
}

const SOME_TOOL: CalledTool = {
  server: 'test',
  name: 'tool',
  title: '',
  description: '',
  inputSchema: { type: 'object' },
  annotations: {},
};

/** One object with the members of every view, as in the gateway: the plugin's needs decide what its types show of it. */
export class FakeView {
  readonly requestId: string;
  readonly receivedAt: number;
  readonly operation: Operation;
  readonly format: string;
  readonly path: string;
  readonly headers: HeaderReader;
  readonly principal: Principal | null;
  readonly metadata: RequestMetadata;
  readonly model: string;
  readonly stream: boolean;
  readonly credential: string | null;
  readonly body: Uint8Array;
  readonly target: Target;
  readonly attempt: number;
  readonly status: number;
  readonly responseHeaders: HeaderReader;
  ended = false;
  /** What hooks added to the answer, by `answerHeader`. */
  readonly answerHeaders: HeaderList = [];
  readonly tool: CalledTool;
  /** What later hooks and the server would get. */
  arguments: JsonObject;
  /** A hook has called `replace`, `replaceTask` or `replaceArguments`. */
  replaced = false;
  private current: CanonicalRequest;
  private currentTask: TaskRequest | null;
  private readonly outputCap: number | undefined;
  private readonly cost: { total: number; input: number } | null;
  private readonly slots = new Map<number, unknown>();

  constructor(
    given: ViewOverrides,
    readonly log: Logger,
    now: number,
  ) {
    const { prompt = 'Hello', model = 'test-model', stream = false, metadata = {} } = given;
    this.requestId = given.requestId ?? 'req_test';
    this.receivedAt = given.receivedAt ?? now;
    const called = given.tool !== undefined || given.arguments !== undefined;
    this.operation = given.operation ?? given.task?.operation ?? (called ? 'tool' : 'chat');
    this.tool = { ...SOME_TOOL, ...given.tool };
    this.arguments = given.arguments ?? {};
    this.currentTask = given.task ?? null;
    this.format = given.format ?? 'openai-chat';
    this.path = given.path ?? '/v1/chat/completions';
    this.headers = readerOf(given.headers ?? {});
    this.principal = given.principal ?? null;
    this.metadata = { tags: [], other: {}, ...metadata };
    this.model = model;
    this.stream = stream;
    this.credential = given.credential ?? null;
    const body = given.body ?? { model, stream, messages: [{ role: 'user', content: prompt }] };
    this.body =
      body instanceof Uint8Array
        ? body
        : new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body));
    this.target = given.target ?? { provider: 'mock', model: 'hello' };
    this.attempt = given.attempt ?? 1;
    this.status = given.status ?? 200;
    this.responseHeaders = readerOf(given.responseHeaders ?? {});
    this.outputCap = given.maxOutputTokens;
    this.cost = given.maxCostNano ?? null;
    this.current = given.request ?? {
      origin: this.format,
      model,
      messages: [{ role: 'user', parts: [{ type: 'text', text: prompt }] }],
      sampling: {},
      stream,
    };
  }

  field(name: string): JsonValue | undefined {
    return (JSON.parse(new TextDecoder().decode(this.body)) as JsonObject)[name];
  }

  maxOutputTokens(): number | undefined {
    return this.outputCap;
  }

  /** Any number of output tokens but 0 gives the total. */
  maxCostNano(outputTokens?: number): number | null {
    return this.cost === null ? null : outputTokens === 0 ? this.cost.input : this.cost.total;
  }

  answerHeader(name: string, value: string): void {
    this.answerHeaders.push(name, value);
  }

  /** What later hooks and the provider would get. */
  get request(): CanonicalRequest {
    return this.current;
  }

  replace(request: CanonicalRequest): void {
    this.current = request;
    this.replaced = true;
  }

  task(): TaskRequest | null {
    return this.currentTask;
  }

  replaceTask(request: TaskRequest): void {
    this.currentTask = request;
    this.replaced = true;
  }

  replaceArguments(args: JsonObject): void {
    this.arguments = args;
    this.replaced = true;
  }

  state<S>(slot: Slot<S>): S {
    if (!this.slots.has(slot.index)) this.slots.set(slot.index, slot.create());
    return this.slots.get(slot.index) as S;
  }
}
