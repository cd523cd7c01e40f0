import type { Config } from '../config/config.js';
import type { IdentityDelta } from '../identity/stored-keys.js';
import type { McpNotice } from '../mcp/protocol.js';
import type { AnswerAsk, RunAsk, RunEnd } from '../replay/protocol.js';

/** An I/O thread as the main thread steers it, whether it is a thread of its own or the main thread itself. */
export interface IoHandle {
  /** First half of a reload; throws and changes nothing when the configuration does not work. */
  prepare(config: Config): Promise<void>;
  commit(): Promise<void>;
  /** The store's keys have changed; resolves when that is in force. */
  update(delta: IdentityDelta): Promise<void>;
  /** Resolves with the port. */
  listen(host: string, port: number): Promise<number>;
  /** Takes no new connections, waits for running requests. True when all ended in time. */
  drain(timeoutMs: number): Promise<boolean>;
  /** A drain waits no longer, now or when it begins. */
  hurry(): void;
  /** Stops the request in the background whose answer has that id, if it runs in this thread. */
  stopRunning(id: string): void;
  /** The main thread says something about servers of tools. */
  hearMcp(notice: McpNotice): void;
  /** Runs a request of the gateway's own. */
  runAs(ask: RunAsk): Promise<RunEnd>;
  /** What models say in these answers; null where one cannot be read. */
  answerTexts(asks: readonly AnswerAsk[]): Promise<(string | null)[]>;
  /** Ends what still runs and lets everything go. */
  close(): Promise<void>;
}
