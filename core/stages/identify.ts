import type { Principal, Reply } from '@headgate/sdk';
import { answerWithReply } from '../answer.js';
import { parseDuration } from '../config/duration.js';
import { GatewayError, gatewayError } from '../errors.js';
import { type Exchange, NO_METADATA } from '../exchange.js';
import { clientAddress } from '../identity/client-address.js';
import { credentialOf } from '../identity/credential.js';
import { TokenTable } from '../identity/jwt/token-table.js';
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
  if (gates === null) return byCredential(x);
  const answer = runGate<Principal>(gates, viewOf(x), x);
  if (answer instanceof Promise) return answer.then((value) => decide(x, value));
  return decide(x, answer);
}

function decide(x: Exchange, answer: Principal | Reply | undefined): Promise<void> | undefined {
  if (answer === undefined) return byCredential(x);
  if ('type' in answer) answerWithReply(x, answer);
  else accept(x, fromPlugin(answer));
  return undefined;
}

/** By a token of another issuer where these are taken, else by a virtual key. */
function byCredential(x: Exchange): Promise<void> | undefined {
  const { tokens } = x.runtime;
  const credential = credentialOf(x.incoming.headers);
  if (tokens !== null && credential !== null && TokenTable.looksLike(credential)) {
    const known = tokens.known(credential, x.receivedAt);
    if (known === undefined) {
      const address = clientAddress(x);
      return tokens.verify(credential, x.receivedAt).then((key) => accept(x, key, address));
    }
    accept(x, known);
  } else accept(x, byKey(x, credential));
  return undefined;
}

/** In place of stage 3, of a request that the gateway makes as somebody whom it knows: the rules of the key hold as ever. */
export function identifyAs(x: Exchange, key: VirtualKey): void {
  inForce(x, key);
  accept(x, key);
}

/** @param address of the client, where it had to be read before a wait */
function accept(x: Exchange, key: VirtualKey, address?: string): void {
  const header = x.header('x-headgate-metadata');
  const session = x.header('x-headgate-session');
  const timeout = x.header('x-headgate-timeout');
  if (timeout !== undefined) x.timeoutMs = readTimeout(timeout);
  x.metadata =
    header === undefined && session === undefined && key.customer === null && key.tags.length === 0
      ? NO_METADATA
      : readMetadata(header, key, session);
  const principal = x.metadata === NO_METADATA ? key : x.runtime.keys.forRequest(key, x.metadata);
  x.principal = principal;
  if (key.notice !== null) x.addHeaders(key.notice);
  principal.check?.({
    now: x.receivedAt,
    path: x.incoming.path.replace(SDK_PREFIX, ''),
    address: () => address ?? clientAddress(x),
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

function byKey(x: Exchange, credential: string | null): VirtualKey {
  const { keys } = x.runtime;
  const key = credential === null ? undefined : keys.find(credential);
  if (key === undefined) {
    // SDKs insist on sending some key, so where none is needed an unknown one is as good as none.
    if (!keys.required) return anonymous;
    throw new GatewayError(unknownCaller(x.incoming.headers, x.incoming.query));
  }
  return inForce(x, key);
}

function inForce(x: Exchange, key: VirtualKey): VirtualKey {
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
