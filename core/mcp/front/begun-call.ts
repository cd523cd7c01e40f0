import type { ToolResult } from '@headgate/sdk';
import type { ServerContext } from '@modelcontextprotocol/server';
import { callAt, nextCall } from './call-at.js';
import type { Asking, Desk } from './desk.js';
import type { PlainCall } from './plain-call.js';
import { isPlainResult } from './plain-result.js';

/** So long a client can be left without a word. */
const QUICK_MS = 50;

/**
 * A plain call that is made before the protocol library hears of it. If its result comes soon, the client gets that in one
 * piece, and the library never hears of it at all, which saves most of what a call costs here. Else the request is given to
 * the library, whose handler goes on with the call that is already made.
 */
export class BegunCall {
  private readonly call = nextCall();
  private readonly result: Promise<ToolResult>;
  private timer: NodeJS.Timeout | undefined;
  private state: 'quick' | 'answered' | 'handed over' = 'quick';
  private handOver: () => void = () => {};
  private adoptedBy: () => void = () => {};
  private readonly adopted = new Promise<void>((resolve) => {
    this.adoptedBy = resolve;
  });

  constructor(
    desk: Desk,
    private readonly asking: Asking,
    { id, name, arguments: args, _meta, input }: PlainCall,
  ) {
    const wanted = {
      id: this.call,
      request: id,
      name,
      arguments: args,
      meta: _meta,
      input,
      onProgress: null,
    };
    this.result = callAt(desk, asking, wanted);
  }

  /** The result, if it comes soon and is plain; null when the library is to go on with it. */
  soon(): Promise<ToolResult | null> {
    return new Promise((resolve) => {
      const end = (state: 'answered' | 'handed over', result: ToolResult | null): void => {
        if (this.state !== 'quick') return;
        this.state = state;
        clearTimeout(this.timer);
        resolve(result);
      };
      this.handOver = () => end('handed over', null);
      this.timer = setTimeout(this.handOver, QUICK_MS);
      this.result.then(
        (result) => (isPlainResult(result) ? end('answered', result) : this.handOver()),
        this.handOver,
      );
    });
  }

  /** Has the library know of it, unless it is over: something is to be said of it. Resolves when it does. */
  async known(): Promise<void> {
    this.handOver();
    if (this.state === 'handed over') await this.adopted;
  }

  /** The library has refused the request, or is done with it. */
  done(): void {
    this.adoptedBy();
  }

  /** The library's handler goes on with it. */
  async adopt(ctx: ServerContext): Promise<ToolResult> {
    const { signal } = ctx.mcpReq;
    const cancel = (): void => this.asking.pump.withdraw(this.call);
    signal.addEventListener('abort', cancel, { once: true });
    this.adoptedBy();
    try {
      return await this.result;
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }
}
