import type { Principal, Reply } from '@headgate/sdk';
import { answerWithReply } from '../answer.js';
import { parseDuration } from '../config/duration.js';
import { GatewayError, gatewayError } from '../errors.js';
import { type Exchange, NO_METADATA } from '../exchange.js';
import { clientAddress } from '../identity/client-address.js';
import { credentialOf } from '../identity/credential.js';
import { readMetadata } from '../identity/metadata.js';
import { SDK_PREFIX } from '../identity/sdk-prefix.js';
import { unknownCaller } from '../identity/unknown-caller.js';
import { anonymous, NO_ACCESS_RULES, type VirtualKey, virtualKey } from '../identity/virtual-key.js';
import type { Wait } from '../pipeline.js';
import { runGate } from '../plan/run-gate.js';
import { viewOf } from '../view.js';

/** Stage 3. Who calls: the first identify gate that says, else the virtual key; then what the request says of itself. */
export function identify(x: Exchange): Wait | undefined {
  const gates = x.runtime.plans.identify;
  if (gates === null) {
    accept(x, byKey(x));
    return undefined;
  }
  const answer = runGate<Principal>(gates, viewOf(x), x);
  if (answer instanceof Promise) return answer.then((value) => decide(x, value));
  decide(x, answer);
  return undefined;
}

function decide(x: Exchange, answer: Principal | Reply | undefined): void {
  if (answer === undefined) accept(x, byKey(x));
  else if ('type' in answer) answerWithReply(x, answer);
  else accept(x, fromPlugin(answer));
}

function accept(x: Exchange, key: VirtualKey): void {
  const header = x.header('x-headgate-metadata');
  const timeout = x.header('x-headgate-timeout');
  if (timeout !== undefined) x.timeoutMs = readTimeout(timeout);
  x.metadata =
    header === undefined && key.customer === null && key.tags.length === 0
      ? NO_METADATA
      : readMetadata(header, key);
  const principal = x.metadata === NO_METADATA ? key : x.runtime.keys.forRequest(key, x.metadata);
  x.principal = principal;
  if (key.notice !== null) x.addHeaders(key.notice);
  principal.check?.({
    now: x.receivedAt,
    path: x.incoming.path.replace(SDK_PREFIX, ''),
    address: () => clientAddress(x),
  });
}

/** `30s`, `500ms`, or plain milliseconds. */
function readTimeout(text: string): number {
  const ms = /^\d+$/.test(text) ? Number(text) : parseDuration(text);
  if (ms === undefined || ms <= 0) {
    throw gatewayError('invalid_header', {
      name: 'x-headgate-timeout',
      why: 'it must be a duration such as 30s or 500ms',
    });
  }
  return ms;
}

function byKey(x: Exchange): VirtualKey {
  const { keys } = x.runtime;
  const credential = credentialOf(x.incoming.headers);
  const key = credential === null ? undefined : keys.find(credential);
  if (key === undefined) {
    // SDKs insist on sending some key, so where none is needed an unknown one is as good as none.
    if (!keys.required) return anonymous;
    throw new GatewayError(unknownCaller(x.incoming.headers, x.incoming.query));
  }
  if (key.expiresMs !== null && key.expiresMs <= x.receivedAt) throw gatewayError('key_expired');
  return key;
}

function fromPlugin(principal: Principal): VirtualKey {
  const { id, name = id, models, metadata = {}, org = '', team = '', project = '', user = '' } = principal;
  const customer = metadata['customer'] ?? null;
  const passthrough = models.includes('*');
  const access = passthrough
    ? []
    : [{ ...NO_ACCESS_RULES, who: `caller "${name}"`, models: { allowed: models, denied: [] } }];
  const places = { org, team, project, user };
  return virtualKey({ ...anonymous, ...places, id, name, models, metadata, customer, passthrough, access });
}
