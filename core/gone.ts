import type { AttemptRecord } from '@headgate/sdk';
import { type Exchange, type Incoming, NO_METADATA, NONE_PASSED_OVER } from './exchange.js';
import { RequestBody } from './http/request-body.js';
import type { ClientSink } from './relay/sink.js';
import type { CompiledTarget } from './route/target.js';

/** Nobody is there: whatever is still said goes nowhere. */
export const nobody: ClientSink = {
  send() {},
  start() {},
  write: () => true,
  flush() {},
  full: false,
  end() {},
  cut() {},
  get onDrain() {
    return null;
  },
  set onDrain(_) {},
};

const gone: Incoming = Object.freeze({
  method: '',
  path: '',
  query: '',
  model: '',
  headers: [],
  body: new RequestBody(0),
  sink: nobody,
});

const NO_ATTEMPTS: AttemptRecord[] = [];
const NO_TARGETS: readonly CompiledTarget[] = [];

/**
 * Takes apart what a finished request was made of. An exchange that the collector has already moved to the old generation
 * would otherwise keep its bodies, headers and views, and those of its neighbours, until the next full collection: that
 * was worth 30 MB of memory and half of the collector's pauses.
 */
export function letGo(x: Exchange): void {
  x.incoming.body.clear();
  x.incoming = gone;
  x.attempt = null;
  if (x.conversation?.detached === true) x.io.background.delete(x.conversation.id);
  x.conversation = null;
  x.forward?.close();
  x.forward = null;
  x.tool = null;
  x.view = null;
  x.slots = null;
  x.parsed = null;
  x.canonical = null;
  x.task = null;
  x.parts = null;
  x.extraHeaders = null;
  x.meter = null;
  x.bodies = null;
  x.dropped = null;
  // The record has these now.
  x.usage = null;
  x.attempts = NO_ATTEMPTS;
  x.passedOver = NONE_PASSED_OVER;
  x.metadata = NO_METADATA;
  x.principal = null;
  x.route = null;
  x.plan = null;
  x.targets = NO_TARGETS;
  x.target = null;
  x.error = null;
}
