import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/client';
import { Child, type StdioConfig } from './child.js';
import { FloodGate } from './flood-gate.js';
import { LineSplitter } from './line-splitter.js';
import { watchMemory } from './memory-watch.js';
import type { OrphanGuard } from './orphan-guard.js';
import { TOO_LARGE } from './own-codes.js';
import type { ServerLog } from './server-log.js';

/** Bytes that wait for a server to read them. */
const MOST_UNREAD = 64 * 1024 * 1024;

export interface StdioParts {
  readonly config: StdioConfig;
  /** Of one message. */
  readonly maxBytes: number;
  readonly log: ServerLog;
  readonly guard: OrphanGuard;
}

/** A server that is a program of its own, a JSON message a line. */
export class StdioTransport implements Transport {
  onclose: Transport['onclose'];
  onerror: Transport['onerror'];
  onmessage: Transport['onmessage'];
  /** By this the client sees that it speaks to a program: what it does not answer at first, it does not know. */
  readonly stderr = null;
  /** Why the connection ended; '' while it stands. */
  why = '';
  private child: Child | null = null;
  private stopWatch: (() => void) | null = null;
  private isClosed = false;
  private stopping = false;
  private readonly flood = new FloodGate();
  /** Requests of ours that have no answer yet. */
  private readonly open = new Set<string | number>();

  constructor(private readonly parts: StdioParts) {}

  get pid(): number | null {
    return this.child?.pid ?? null;
  }

  start(): Promise<void> {
    const { config, guard, log, maxBytes } = this.parts;
    const child = new Child(config, guard);
    this.child = child;
    const lines = new LineSplitter(maxBytes, {
      line: (text) => this.receive(text),
      tooLong: (start, end) => this.tooLong(start, end),
    });
    child.process.stdout?.on('data', (chunk: Buffer) => lines.push(chunk));
    child.process.stderr?.on('data', (chunk: Buffer) => log.push(chunk));
    child.exited.then(() => this.ended(child));
    const { pid } = child;
    if (config.memoryBytes !== null && pid !== null) {
      this.stopWatch = watchMemory(pid, config.memoryBytes, (bytes) =>
        this.fail(`it used ${bytes} bytes of memory, more than its "memory" allows`),
      );
    }
    return new Promise((resolve, reject) => {
      child.process.once('spawn', resolve);
      child.process.once('error', () => reject(new Error(child.ended)));
    });
  }

  send(message: JSONRPCMessage): Promise<void> {
    const stdin = this.child?.process.stdin;
    if (stdin === undefined || stdin === null || !stdin.writable)
      return Promise.reject(new Error('the server is gone'));
    if (stdin.writableLength > MOST_UNREAD) {
      this.fail('it does not read what it is sent');
      return Promise.reject(new Error(this.why));
    }
    if ('id' in message && 'method' in message) this.open.add(message.id);
    return new Promise((resolve, reject) => {
      stdin.write(`${JSON.stringify(message)}\n`, (error) => (error ? reject(error) : resolve()));
    });
  }

  async close(): Promise<void> {
    this.stopping = true;
    await this.child?.stop();
    this.closed();
  }

  private receive(line: string): void {
    if (line.trim() === '') return;
    const message = messageOf(line);
    if (message === null) {
      // Programs print greetings where only messages belong.
      if (this.flood.passes()) this.onerror?.(new Error('it wrote a line that is no message'));
      else this.fail('it floods the gateway with lines that are no messages');
      return;
    }
    if (!this.isAwaited(message) && !this.flood.passes()) {
      this.fail('it floods the gateway with messages that nobody asked for');
      return;
    }
    // With an answer the client library forgets who wants to hear of its progress, of which it tells a moment later than it is
    // told: what came just before the answer would be lost.
    if ('method' in message) this.onmessage?.(message);
    else queueMicrotask(() => this.onmessage?.(message));
  }

  /** An answer to a request of ours, the first one to it. */
  private isAwaited(message: JSONRPCMessage): boolean {
    return (
      'id' in message && !('method' in message) && message.id !== undefined && this.open.delete(message.id)
    );
  }

  /** Who asked for it is told; when nobody can say who that was, all are. */
  private tooLong(start: string, end: string): void {
    const found =
      /"id"\s*:\s*(\d{1,15})\s*\}\s*$/.exec(end) ??
      /^\{(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?"id"\s*:\s*(\d{1,15})/.exec(start);
    if (found === null) {
      this.fail(`it sent a message of more than ${this.parts.maxBytes} bytes`);
      return;
    }
    const error = { code: TOO_LARGE, message: 'too large' };
    this.onmessage?.({ jsonrpc: '2.0', id: Number(found[1]), error });
  }

  private fail(why: string): void {
    this.why ||= why;
    this.child?.signal('SIGKILL');
  }

  private ended(child: Child): void {
    const { last } = this.parts.log;
    if (!this.stopping) this.why ||= last === '' ? child.ended : `${child.ended}: ${last}`;
    // Whatever still holds the other ends of its pipes has nothing more to say to us.
    child.process.stdout?.destroy();
    child.process.stderr?.destroy();
    this.closed();
  }

  private closed(): void {
    this.stopWatch?.();
    this.stopWatch = null;
    if (this.isClosed) return;
    this.isClosed = true;
    this.onclose?.();
  }
}

/** Null for what is none. What it says in detail the client library looks at. */
function messageOf(line: string): JSONRPCMessage | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { jsonrpc, method, result, error } = value as Record<string, unknown>;
  const says = typeof method === 'string' || typeof result === 'object' || typeof error === 'object';
  return jsonrpc === '2.0' && says ? (value as JSONRPCMessage) : null;
}
