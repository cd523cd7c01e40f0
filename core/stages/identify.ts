import type { Principal, Reply } from '@headgate/sdk';
import { answerWithReply } from '../answer.js';
import { parseDuration } from '../config/duration.js';
import { gatewayError } from '../errors.js';
import { type Exchange, NO_METADATA } from '../exchange.js';
import { credentialOf } from '../identity/credential.js';
import { anonymous, forwardMatcher, type VirtualKey } from '../identity/key-table.js';
import { readMetadata } from '../identity/metadata.js';
import type { Wait } from '../pipeline.js';
import { runGate } from '../plan/run-gate.js';
import { patternMatcher } from '../route/pattern.js';
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
  x.principal = key;
  const header = x.header('x-headgate-metadata');
  const timeout = x.header('x-headgate-timeout');
  if (timeout !== undefined) x.timeoutMs = readTimeout(timeout);
  x.metadata =
    header === undefined && key.customer === null && key.tags.length === 0
      ? NO_METADATA
      : readMetadata(header, key);
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
  const { keys, config } = x.runtime;
  const credential = credentialOf(x.incoming.headers);
  const key = credential === null ? undefined : keys.find(credential);
  if (key === undefined) {
    // SDKs insist on sending some key, so where none is needed an unknown one is as good as none.
    if (!config.auth.required) return anonymous;
    throw gatewayError(credential === null ? 'key_required' : 'key_unknown');
  }
  if (key.expiresMs !== null && key.expiresMs <= x.receivedAt) throw gatewayError('key_expired');
  return key;
}

function fromPlugin(principal: Principal): VirtualKey {
  const { id, name = id, models, metadata = {} } = principal;
  const customer = metadata['customer'] ?? null;
  const mayForward = forwardMatcher(models.includes('*'));
  return { ...anonymous, id, name, models, metadata, customer, mayUse: patternMatcher(models), mayForward };
}
