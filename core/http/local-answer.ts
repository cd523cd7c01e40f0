import type { HeaderList, JsonValue } from '@headgate/sdk';
import { OWN_QUOTA } from '../control.js';
import type { Incoming } from '../exchange.js';
import { credentialOf } from '../identity/credential.js';
import { TokenTable } from '../identity/jwt/token-table.js';
import { factsOf, type KeyFacts } from '../identity/virtual-key.js';
import type { IoThread } from '../io-thread.js';
import type { ClientSink } from '../relay/sink.js';
import { streamControl } from './control-stream.js';
import { shapeFor } from './error-shape.js';

/** A small answer that no pipeline is needed for. */
export function answerLocally(sink: ClientSink, status: number, value: JsonValue): void {
  sink.send(status, ['content-type', 'application/json'], JSON.stringify(value));
}

/** Asks the main thread, which knows what the threads together have done. */
export function answerControl(io: IoThread, incoming: Incoming): void {
  const { method, path, query, headers, body, sink } = incoming;
  const address = sink.address?.() ?? '';
  body.then(() => {
    if (body.tooLarge) {
      shapeFor(io, path, headers).refuse(sink, 'body_too_large', { limit: String(body.limit) });
      return;
    }
    const isOwn = path === OWN_QUOTA || path.startsWith(`${OWN_QUOTA}/`);
    const asked = (key: KeyFacts | null) =>
      io.control.handle({ method, path, query, headers, body: body.bytes, address, key });
    (isOwn ? keyOf(io, headers).then(asked) : asked(null)).then(
      (answer) => {
        if ('error' in answer) shapeFor(io, path, headers).tell(sink, answer.error, answer.headers);
        else if ('body' in answer) sink.send(answer.status, answer.headers, answer.body);
        else streamControl(io, incoming, answer.stream);
      },
      (error) => {
        io.log.error('the control plane failed', { path, error: String(error) });
        shapeFor(io, path, headers).refuse(sink, 'internal');
      },
    );
  });
}

/** Virtual keys and tokens are known in the I/O threads alone. */
async function keyOf(io: IoThread, headers: HeaderList): Promise<KeyFacts | null> {
  const credential = credentialOf(headers);
  if (credential === null) return null;
  const { tokens, keys } = io.runtime;
  if (tokens === null || !TokenTable.looksLike(credential)) {
    const key = keys.find(credential);
    return key === undefined ? null : factsOf(key);
  }
  const now = Date.now();
  const known = tokens.known(credential, now) ?? (await tokens.verify(credential, now).catch(() => null));
  return known === null ? null : factsOf(known);
}
