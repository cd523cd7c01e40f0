import type { AttemptRecord } from '@headgate/sdk';
import type { Exchange, Running } from '../exchange.js';
import type { McpReply } from './protocol.js';
import type { ToolRun } from './tool-run.js';

/** A call of a tool that is at its server, and its attempt. When the caller leaves meanwhile, the server is told. */
export class CallAtServer implements Running {
  private done = false;
  private readonly startedAt = performance.now();
  private readonly record: AttemptRecord;

  constructor(
    private readonly x: Exchange,
    run: ToolRun,
  ) {
    this.record = attemptOf(run, this.startedAt - x.startedAt);
    x.attempts.push(this.record);
  }

  /** The server has answered, or cannot. */
  ended(reply: McpReply): void {
    this.waited();
    noteReply(this.record, reply);
  }

  /** Nothing more is heard of it. */
  over(): void {
    this.done = true;
  }

  stop(): void {
    if (this.done) return;
    this.done = true;
    this.x.io.control.mcp({ do: 'cancel', call: this.x.id }).catch(() => {});
  }

  resume(): void {}

  /** The request is over: what was asked until then has taken all of its time. */
  release(): void {
    this.stop();
    if (this.record.ms !== 0) return;
    this.waited();
    this.record.error = this.x.error?.code ?? null;
  }

  private waited(): void {
    const ms = performance.now() - this.startedAt;
    this.record.ms = ms;
    this.x.waitedMs += ms;
  }
}

/** One that begins now. @param startMs from the arrival of the call */
export function attemptOf({ provider, name }: ToolRun, startMs: number): AttemptRecord {
  return {
    provider,
    model: name,
    key: '',
    status: 0,
    error: null,
    ms: 0,
    startMs,
    connectMs: null,
    firstByteMs: null,
  };
}

export function noteReply(record: AttemptRecord, reply: McpReply): void {
  record.error = 'refused' in reply ? reply.refused.code : null;
  record.status = record.error === null ? 200 : 0;
}
