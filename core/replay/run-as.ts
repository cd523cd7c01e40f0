import { RequestBody } from '../http/request-body.js';
import type { VirtualKey } from '../identity/virtual-key.js';
import { anonymous } from '../identity/virtual-key.js';
import type { IoThread } from '../io-thread.js';
import { type Stage, stages } from '../pipeline.js';
import { wholeSink } from '../relay/whole-sink.js';
import { identify, identifyAs } from '../stages/identify.js';
import type { RunAsk, RunEnd } from './protocol.js';

/** What a connection that broke off comes to, which has no status. */
const BROKEN = 502;

/** Runs a request in this thread through all stages, but that it is known already who makes it. */
export function runAs(io: IoThread, { keyId, address, ...ask }: RunAsk): Promise<RunEnd> {
  const { path, query, headers } = ask;
  const found = io.endpoints.at(path);
  const codec = found?.endpoint.format;
  if (found === undefined || codec?.operation !== 'chat' || codec.response === undefined)
    return refused('it was none for a chat');
  if (found.model !== '') return refused('in that API the model is part of the path');
  const { keys } = io.runtime;
  const key = keyId === '' ? (keys.required ? undefined : anonymous) : keys.byId(keyId);
  if (key === undefined) return refused('no virtual key of this gateway has made it; name one as "key"');
  const body = new RequestBody(io.runtime.config.server.bodyLimitBytes);
  body.set(Buffer.from(ask.body));
  return new Promise((resolve) => {
    // The id is there before the answer is told, which may be at once.
    const sink = wholeSink((status, text) =>
      queueMicrotask(() => resolve({ id: x.id, status: status || BROKEN, body: text })),
    );
    const incoming = {
      method: 'POST',
      path,
      query,
      model: '',
      headers,
      body,
      sink: { ...sink, address: () => address },
    };
    const x = io.begin(found.endpoint, incoming, stagesAs(key));
  });
}

function stagesAs(key: VirtualKey): readonly Stage[] {
  return stages.map((stage) => (stage === identify ? (x) => identifyAs(x, key) : stage));
}

function refused(why: string): Promise<RunEnd> {
  return Promise.resolve({ refused: why });
}
