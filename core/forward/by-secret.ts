import { type HeaderList, headerOf } from '@headgate/sdk';
import type { Exchange } from '../exchange.js';
import { clientAddress } from '../identity/client-address.js';
import { credentialOf } from '../identity/credential.js';
import { presentKey } from '../identity/standing.js';
import type { Wait } from '../pipeline.js';
import { findClientSecret } from '../realtime/client-secrets.js';
import { identify } from '../stages/identify.js';
import type { Forward } from './forward.js';

/** What a browser may do with a short-lived secret beside opening a WebSocket: begin a call over WebRTC. */
const CALLS = /^(?:\/v1)?\/realtime\/calls\/?$/;
/** OpenAI's begin so. */
const PREFIX = 'ek_';

/** Who calls: the maker of the short-lived secret that a call over WebRTC is begun with; else as for every request. */
export function identifyForward(x: Exchange): Wait | undefined {
  const forward = x.forward as Forward;
  const { path } = forward;
  const credential = isCall(x) && path.api === 'openai' ? credentialOf(x.incoming.headers) : null;
  if (credential?.startsWith(PREFIX) !== true) return identify(x);
  const address = clientAddress(x);
  return findClientSecret(x.io.control, credential).then((found) => {
    if (found === null) return identify(x);
    x.principal = presentKey(x, found.principal, { bySecret: true, address });
    x.model = found.model;
    forward.keyName = found.key;
    forward.secret = { value: credential, provider: found.provider };
    return undefined;
  });
}

export function isCall({ incoming, forward }: Exchange): boolean {
  return incoming.method === 'POST' && CALLS.test((forward as Forward).path.tail);
}

/** The call that has begun, as the head of the answer names it: `Location: /v1/realtime/calls/rtc_…`. */
export function callIn(headers: HeaderList): string | null {
  const id = /\/calls\/([\w-]{1,128})\/?$/.exec(headerOf(headers, 'location') ?? '')?.[1];
  return id ?? null;
}
