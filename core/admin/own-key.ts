import { GatewayError, gatewayError } from '../errors.js';
import { credentialOf } from '../identity/credential.js';
import { unknownCaller } from '../identity/unknown-caller.js';
import { type KeyFacts, virtualKey } from '../identity/virtual-key.js';
import { iso } from './entity-text.js';
import type { OpenGovernance } from './governance.js';
import type { Told } from './key-rotation.js';
import { bodyOf, json } from './reply.js';
import type { AdminRequest, Serve } from './route.js';

/** `POST /api/me/rotate`: another secret for the holder of the key, who goes on with the old one for the key's grace. */
export function rotateOwn(open: () => Promise<OpenGovernance>): Serve {
  return forHolder(async (request, key) => {
    const { rotation, store } = await open();
    return answer(await rotation.byHolder(holderOf(request, key), bodyOf(request)), store);
  });
}

/** `POST /api/me/secret`: the secret that takes the place of the one that is shown, while it waits. */
export function fetchOwn(open: () => Promise<OpenGovernance>): Serve {
  return forHolder(async (request, key) => {
    const { rotation, store } = await open();
    return answer(await rotation.forHolder(holderOf(request, key)), store);
  });
}

/** For whoever shows a virtual key that is in force, from where it may be used. */
function forHolder(serve: (request: AdminRequest, key: KeyFacts) => ReturnType<Serve>): Serve {
  return (request) => serve(request, shownKey(request));
}

/** The virtual key that a request shows. Throws a GatewayError where it shows none that is in force and may be used there. */
export function shownKey({ key, headers, address, path, query }: AdminRequest): KeyFacts {
  if (key === null) throw new GatewayError(unknownCaller(headers, query));
  const now = Date.now();
  if (key.expiresMs !== null && key.expiresMs <= now) throw gatewayError('key_expired');
  // Rules of paths are about models; who may not ask a model may still see to the key.
  const access = key.access.map((one) => ({ ...one, endpoints: null }));
  virtualKey({ ...key, access }).check?.({ now, path, address: () => address });
  return key;
}

function holderOf({ headers, address }: AdminRequest, { id }: KeyFacts) {
  return { id, credential: credentialOf(headers) ?? '', source: address };
}

async function answer(
  { key, secret }: Told,
  store: OpenGovernance['store'],
): Promise<ReturnType<typeof json>> {
  const old = (await store.hashesOf(key.id)).flatMap(({ untilMs }) => (untilMs === null ? [] : [untilMs]));
  const until = old.filter((at) => at > Date.now());
  return json(200, {
    id: key.id,
    secret,
    old_secret_until: until.length === 0 ? null : iso(Math.max(...until)),
  });
}
