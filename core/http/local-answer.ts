import type { JsonValue } from '@headgate/sdk';
import type { Incoming } from '../exchange.js';
import type { IoThread } from '../io-thread.js';
import type { ClientSink } from '../relay/sink.js';
import { shapeFor } from './error-shape.js';

/** A small answer that no pipeline is needed for. */
export function answerLocally(sink: ClientSink, status: number, value: JsonValue): void {
  sink.send(status, ['content-type', 'application/json'], JSON.stringify(value));
}

/** Asks the main thread, which knows what the threads together have done. */
export function answerControl(io: IoThread, incoming: Incoming): void {
  const { method, path, query, headers, sink } = incoming;
  io.control.handle({ method, path, query, headers, body: new Uint8Array() }).then(
    (answer) => {
      if ('error' in answer) shapeFor(io, path, headers).tell(sink, answer.error, answer.headers);
      else sink.send(answer.status, answer.headers, answer.body);
    },
    (error) => {
      io.log.error('the control plane failed', { path, error: String(error) });
      shapeFor(io, path, headers).refuse(sink, 'internal');
    },
  );
}
