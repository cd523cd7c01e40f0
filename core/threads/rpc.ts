import type { MessagePort } from 'node:worker_threads';

/** Messages between two threads. Errors travel as their message and name: a stack means nothing on the other side. */
type Message =
  | { kind: 'call'; id: number; name: string; args: readonly unknown[] }
  | { kind: 'notice'; name: string; args: readonly unknown[] }
  | { kind: 'result'; id: number; value: unknown }
  | { kind: 'error'; id: number; message: string; errorName: string };

/** The port of either side: a MessagePort, or a Worker. */
export interface Port {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (message: Message) => void): unknown;
}

export type Handlers = Record<string, (...args: never[]) => unknown>;

/** Calls in both directions over one port. */
export class Rpc {
  private readonly waiting = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (error: Error) => void }
  >();
  private ids = 0;
  private closed: Error | null = null;

  constructor(
    private readonly port: Port | MessagePort,
    private readonly handlers: Handlers,
  ) {
    (port as Port).on('message', (message) => this.receive(message));
  }

  call<T>(name: string, ...args: readonly unknown[]): Promise<T> {
    if (this.closed !== null) return Promise.reject(this.closed);
    const id = ++this.ids;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.port.postMessage({ kind: 'call', id, name, args } satisfies Message);
    });
  }

  /** A call that nobody waits for. */
  notice(name: string, ...args: readonly unknown[]): void {
    if (this.closed === null) this.port.postMessage({ kind: 'notice', name, args } satisfies Message);
  }

  /** The other side is gone: every call that waits fails. */
  close(error: Error): void {
    this.closed = error;
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }

  private receive(message: Message): void {
    if (message.kind === 'call') this.run(message.id, message.name, message.args);
    else if (message.kind === 'notice') this.handler(message.name)(...(message.args as never[]));
    else {
      const waiting = this.waiting.get(message.id);
      this.waiting.delete(message.id);
      if (message.kind === 'result') waiting?.resolve(message.value);
      else waiting?.reject(Object.assign(new Error(message.message), { name: message.errorName }));
    }
  }

  private async run(id: number, name: string, args: readonly unknown[]): Promise<void> {
    try {
      const value = await this.handler(name)(...(args as never[]));
      this.port.postMessage({ kind: 'result', id, value } satisfies Message);
    } catch (error) {
      const { message, name: errorName } = error instanceof Error ? error : new Error(String(error));
      this.port.postMessage({ kind: 'error', id, message, errorName } satisfies Message);
    }
  }

  private handler(name: string): (...args: never[]) => unknown {
    const handler = this.handlers[name];
    if (handler === undefined) throw new Error(`no handler for "${name}"`);
    return handler;
  }
}
