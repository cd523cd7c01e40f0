import { type ErrorCodec, type HeaderList, headerOf, type WireFormat } from '@headgate/sdk';
import { answerHeaders } from '../answer-headers.js';
import { GatewayError, gatewayError } from '../errors.js';
import { Exchange, type Incoming } from '../exchange.js';
import { answerBytes } from '../fail.js';
import { tooLarge } from '../http/request-body.js';
import { clientAddress } from '../identity/client-address.js';
import type { IoThread } from '../io-thread.js';
import { proceed, type Wait } from '../pipeline.js';
import { Endpoint } from '../route/endpoint.js';
import { admit } from '../stages/admit.js';
import { identify } from '../stages/identify.js';
import { receive } from '../stages/receive.js';
import type { EndpointPath } from './endpoint-path.js';
import { FORWARDED, hashOf } from './forwarded.js';
import { checkOrigin, corsHeaders, PREFLIGHT } from './rebinding.js';
import { challengeFor } from './resource-metadata.js';
import { checkToken, scopesAt } from './token-rights.js';

const METHODS = ['GET', 'POST', 'DELETE'];
const ALLOW: HeaderList = ['allow', [...METHODS, 'OPTIONS'].join(', ')];

const endpoints = new WeakMap<IoThread, Endpoint>();

/**
 * The gateway as a server of the protocol. Who asks is found out here as ever; the protocol itself is spoken by the main
 * thread, where sessions are.
 */
export function serveEndpoint(io: IoThread, { name }: EndpointPath, came: Incoming): Exchange {
  // Another node has let it in under the name that the client used, and says who that is.
  const told = headerOf(came.headers, FORWARDED) === undefined ? null : io.forwardedFor(came);
  const incoming = told === null ? came : { ...came, headers: [...told.headers, ...came.headers] };
  const x = new Exchange(io, endpointOf(io), incoming);
  io.inFlight++;
  if (told !== null) incoming.sink.address = () => told.address;
  const address = told === null && x.runtime.config.cluster !== null ? clientAddress(x) : null;
  proceed(x, [admit, ...(told === null ? [guard] : []), (x) => who(x, name), receive, pass]);
  return x;

  async function pass(): Promise<void> {
    const { body } = x.incoming;
    if (body.tooLarge) throw tooLarge(body);
    if (told !== null && hashOf(body.bytes) !== told.body) throw gatewayError('key_unknown');
    const [{ PassedAnswer }, catalog] = await Promise.all([import('./passed-answer.js'), io.tools()]);
    if (!x.answered) new PassedAnswer(x, catalog, name, address).begin();
  }
}

function guard(x: Exchange): void {
  const { method, headers, path } = x.incoming;
  checkOrigin(x.runtime.config, headers);
  const cors = corsHeaders(headers);
  if (cors.length > 0) x.addHeaders(cors);
  if (method === 'OPTIONS') {
    x.addHeaders([...ALLOW, ...(cors.length > 0 ? PREFLIGHT : [])]);
    answerBytes(x, 204, answerHeaders(x, 'text/plain', null), '');
  } else if (!METHODS.includes(method)) {
    x.addHeaders(ALLOW);
    throw gatewayError('method_not_allowed', { method, path, allow: 'POST' });
  }
}

/** Clients of the protocol look for this header where they are refused. */
function who(x: Exchange, name: string | null): Wait | undefined {
  let wait: Wait | undefined;
  try {
    wait = identify(x);
    if (wait === undefined) rights(x, name);
  } catch (error) {
    challenge(x, error, name);
    throw error;
  }
  if (wait === undefined) return undefined;
  return new Promise<void>((resolve, reject) => {
    const refuse = (error: unknown): void => {
      challenge(x, error, name);
      reject(error);
    };
    wait.then(() => {
      try {
        rights(x, name);
        resolve();
      } catch (error) {
        refuse(error);
      }
    }, refuse);
  });
}

/** What a token is for, and what it may do here. */
function rights(x: Exchange, name: string | null): void {
  const { mcp } = x.runtime.config;
  if (mcp !== null && x.principal !== null) checkToken(x.principal, mcp, name);
}

function challenge(x: Exchange, error: unknown, name: string | null): void {
  if (!(error instanceof GatewayError)) return;
  const { config } = x.runtime;
  const { status, code } = error.canonical;
  if (status !== 401 && code !== 'mcp_scope_missing') return;
  const scopes = config.mcp === null ? [] : scopesAt(config.mcp, name);
  x.addHeaders(['www-authenticate', challengeFor(config, x.incoming, scopes, status === 403)]);
}

/** Errors look as the protocol's own do. */
const errorText: ErrorCodec['encode'] = ({ code, message }, requestId) =>
  JSON.stringify({
    jsonrpc: '2.0',
    id: null,
    error: { code: -32_000, message, data: { code, request_id: requestId } },
  });

function endpointOf(io: IoThread): Endpoint {
  let endpoint = endpoints.get(io);
  if (endpoint === undefined) {
    const { error, requestIdHeader } = io.endpoints.speaking('openai-chat').format;
    const format: WireFormat = {
      id: 'mcp',
      operation: 'other',
      fields: [],
      requestIdHeader,
      error: { ...error, encode: errorText },
    };
    endpoints.set(io, (endpoint = new Endpoint('/mcp', format, [])));
  }
  return endpoint;
}
