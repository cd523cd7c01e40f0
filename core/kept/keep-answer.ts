import type { JsonObject } from '@headgate/sdk';
import type { Exchange } from '../exchange.js';
import type { Conversation } from './conversation.js';
import type { KeptAnswer } from './kept-answer.js';

/** The row of an answer of this request. To be made while the request is still there. */
export function rowOf(x: Exchange, conversation: Conversation, answer: string): KeptAnswer {
  return {
    id: conversation.id,
    keyId: conversation.keyId,
    state: conversation.detached ? 'running' : 'done',
    background: conversation.detached,
    recorded: conversation.detached && x.stream,
    expiresMs: Date.now() + x.runtime.config.responses.keepMs,
    input: conversation.input(x),
    answer,
  };
}

/**
 * Keeps an answer that has ended, or the end of one that ran in the background, once `recorded` is done. Never rejects:
 * without its store the gateway answers all the same, and the log says so.
 */
export function keepAnswer(
  x: Exchange,
  conversation: Conversation,
  answer: JsonObject,
  recorded: Promise<void>,
): Promise<void> {
  const { io, id: request, runtime } = x;
  const { maxBytes, maxTotalBytes } = runtime.config.responses;
  const text = JSON.stringify(answer);
  const trouble = (error: unknown): void =>
    io.log.warn('an answer could not be kept', { request, error: String(error) });
  if (conversation.detached) {
    const { id } = conversation;
    const finish = (): Promise<unknown> => io.control.kept({ do: 'finish', ask: { id, answer: text } });
    return recorded.then(finish).then(() => {}, trouble);
  }
  if (!conversation.fits(x)) return Promise.resolve();
  const row = rowOf(x, conversation, text);
  if (Buffer.byteLength(row.input) + Buffer.byteLength(text) > maxBytes) {
    io.log.warn('an answer is too large to be kept', { request, limit: maxBytes });
    return Promise.resolve();
  }
  return io.control.kept({ do: 'put', ask: { row, maxTotalBytes } }).then(() => {}, trouble);
}
