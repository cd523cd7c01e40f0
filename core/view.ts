import type {
  CalledTool,
  CanonicalRequest,
  HeaderList,
  HeaderReader,
  JsonObject,
  JsonValue,
  Logger,
  Operation,
  Principal,
  RequestMetadata,
  Slot,
  Target,
  TaskRequest,
} from '@headgate/sdk';
import { headerOf } from '@headgate/sdk';
import { canonicalOf, parsedBody, taskOf } from './canonical-of.js';
import { maxCost, maxOutputTokens } from './cost-bound.js';
import type { Exchange } from './exchange.js';
import { addHeader } from './header-text.js';
import { credentialOf } from './identity/credential.js';
import { calledTool, type ToolRun } from './mcp/tool-run.js';

const NO_TARGET: Target = Object.freeze({ provider: '', model: '' });

/**
 * The one object that all hooks of a request see. It has the members of every view of the SDK; a plugin's declared needs
 * decide which of them its types show. Made on first use: a request without hooks has none.
 */
export class ExchangeView implements HeaderReader {
  /** Set per attempt. */
  target: Target = NO_TARGET;
  attempt = 0;
  status = 0;
  private answerHeaders: HeaderList = [];

  constructor(private readonly x: Exchange) {
    // The first hook may be one of an attempt that has begun already.
    const { target, attempts } = x;
    if (target !== null) this.target = { provider: target.provider.id, model: target.model };
    this.attempt = attempts.length;
  }

  get requestId(): string {
    return this.x.id;
  }
  get receivedAt(): number {
    return this.x.receivedAt;
  }
  get operation(): Operation {
    return this.x.endpoint.format.operation;
  }
  get format(): string {
    return this.x.endpoint.format.id;
  }
  get path(): string {
    return this.x.incoming.path;
  }
  get headers(): HeaderReader {
    return this;
  }
  /** The header reader of the request: `view.headers.get('x-foo')`. */
  get(name: string): string | undefined {
    return this.x.header(name.toLowerCase());
  }
  get principal(): Principal | null {
    return this.x.principal;
  }
  get metadata(): RequestMetadata {
    return this.x.metadata;
  }
  get model(): string {
    return this.x.model;
  }
  get stream(): boolean {
    return this.x.stream;
  }
  get log(): Logger {
    return this.x.io.log.child({ request: this.x.id });
  }
  get ended(): boolean {
    return this.x.settled;
  }
  get credential(): string | null {
    return credentialOf(this.x.incoming.headers);
  }
  get body(): Uint8Array {
    return this.x.incoming.body.bytes;
  }
  field(name: string): JsonValue | undefined {
    const json = this.x.json(name);
    if (json !== undefined) return JSON.parse(json) as JsonValue;
    if (this.x.endpoint.fields.names.includes(name)) return undefined;
    // A field nobody announced: the body must be parsed for it, once.
    return parsedBody(this.x)[name];
  }
  maxOutputTokens(): number | undefined {
    return maxOutputTokens(this.x);
  }
  maxCostNano(outputTokens?: number): number | null {
    return maxCost(this.x, outputTokens);
  }
  answerHeader(name: string, value: string): void {
    const { x } = this;
    addHeader((x.extraHeaders ??= []), name, value);
  }
  get request(): CanonicalRequest {
    return canonicalOf(this.x);
  }
  replace(request: CanonicalRequest): void {
    this.x.canonical = request;
    this.x.edited = true;
  }
  task(): TaskRequest | null {
    return taskOf(this.x);
  }
  replaceTask(request: TaskRequest): void {
    if (request.operation !== this.operation)
      throw new TypeError(
        `a request of the operation ${this.operation} cannot become one of ${request.operation}`,
      );
    this.x.task = request;
    this.x.edited = true;
  }
  get tool(): CalledTool {
    return calledTool(this.run);
  }
  get arguments(): JsonObject {
    return this.run.args;
  }
  replaceArguments(args: JsonObject): void {
    this.run.replace(args);
  }
  private get run(): ToolRun {
    if (this.x.tool === null) throw new TypeError('the request is no call of a tool');
    return this.x.tool;
  }
  state<S>(slot: Slot<S>): S {
    const slots = (this.x.slots ??= []);
    return (slots[slot.index] ??= slot.create()) as S;
  }
  get responseHeaders(): HeaderReader {
    const headers = this.answerHeaders;
    return { get: (name) => headerOf(headers, name.toLowerCase()) };
  }

  onHead(status: number, headers: HeaderList): void {
    this.status = status;
    this.answerHeaders = headers;
  }
}

export function viewOf(x: Exchange): ExchangeView {
  return (x.view ??= new ExchangeView(x));
}
