import { answerHeaders } from '../answer-headers.js';
import { type GatewayError, gatewayError } from '../errors.js';
import type { Exchange } from '../exchange.js';
import { nobody } from '../gone.js';
import type { IoThread } from '../io-thread.js';
import { settle } from '../stages/settle.js';
import type { Conversation } from './conversation.js';
import { rowOf } from './keep-answer.js';
import { KeepingSink } from './keeping-sink.js';

/** The requests of a thread that run on without their clients, by the ids of their answers. */
export class Background {
  private readonly running = new Map<string, Exchange>();

  add(id: string, x: Exchange): void {
    this.running.set(id, x);
  }

  delete(id: string): void {
    this.running.delete(id);
  }

  /** The client wants no answer any more. */
  stop(id: string): void {
    const x = this.running.get(id);
    if (x === undefined || x.settled) return;
    x.clientGone = true;
    x.conversation?.sink?.stopped();
    x.attempt?.stop();
    settle(x);
  }
}

/** Gives the client what is known of its answer so far, or the stream, and lets the request run on without it. */
export async function detach(x: Exchange, conversation: Conversation): Promise<void> {
  const { io, incoming } = x;
  const { state, id } = conversation;
  if (!conversation.store) throw gatewayError('background_not_kept');
  if (!conversation.fits(x))
    throw gatewayError('conversation_too_large', { limit: x.runtime.config.responses.maxBytes });
  conversation.detached = true;
  conversation.kept = true;
  const begun = state.begun(id, Math.floor(x.receivedAt / 1000), x.model, conversation.echo(x));
  const answer = JSON.stringify(begun);
  await put(io, x, rowOf(x, conversation, answer));
  if (x.answered) {
    // The client has left without having heard of it.
    await io.control.kept({ do: 'delete', ask: { id, keyId: conversation.keyId } });
    return;
  }
  const sink = new KeepingSink(x, conversation, x.stream ? incoming.sink : nobody);
  conversation.sink = sink;
  x.incoming = { ...incoming, sink };
  io.background.add(id, x);
  // What it costs is known later: the record does not hold up that it runs.
  if (!x.stream)
    (x.durable?.client ?? incoming.sink).send(200, answerHeaders(x, 'application/json', null), answer);
}

async function put(io: IoThread, x: Exchange, row: ReturnType<typeof rowOf>): Promise<void> {
  const { maxTotalBytes } = x.runtime.config.responses;
  try {
    await io.control.kept({ do: 'put', ask: { row, maxTotalBytes } });
  } catch (error) {
    throw storeTrouble(x, error);
  }
}

/** The store of answers cannot be asked: the client is told, and the log says why. */
export function storeTrouble(x: Exchange, error: unknown): GatewayError {
  x.io.log.error('the store of answers cannot be used', { request: x.id, error: String(error) });
  return gatewayError('answers_unavailable');
}
