import { type HeaderList, headerOf, type SocketHandshake } from '@headgate/sdk';
import { credentialOf } from '../identity/credential.js';

/** What a client's opening request says, without its credential. */
export interface OpeningRequest {
  /** With the credential as `authorization`, from wherever the client had put it; subprotocols that carry one are gone. */
  readonly headers: HeaderList;
  /** '' where the address names none. */
  readonly model: string;
  /** The session that is to be joined; '' for a new one. */
  readonly call: string;
  /** The subprotocol to agree to; '' for none. */
  readonly protocol: string;
  /** Query parameters for the provider. */
  readonly query: readonly (readonly [name: string, value: string])[];
  /** Headers for the provider. */
  readonly forwarded: HeaderList;
}

export function readHandshake(format: SocketHandshake, headers: HeaderList, query: string): OpeningRequest {
  const parameters = new URLSearchParams(query);
  const offered = protocolsOf(headers);
  const { keyProtocol } = format;
  const carries = (name: string): boolean => keyProtocol !== undefined && name.startsWith(keyProtocol);
  const own = credentialOf(headers);
  const carried =
    offered.find(carries)?.slice(keyProtocol?.length) ??
    (format.keyQuery === undefined ? null : parameters.get(format.keyQuery));
  const shown = withoutSecret(headers, offered.filter((name) => !carries(name)).join(', '));
  if (own === null && carried !== null && carried !== '') shown.push('authorization', `Bearer ${carried}`);
  return {
    headers: shown,
    model: firstOf(parameters, format.modelQuery ?? []),
    call: (format.callQuery === undefined ? null : parameters.get(format.callQuery)) ?? '',
    protocol: format.protocol !== undefined && offered.includes(format.protocol) ? format.protocol : '',
    query: (format.query ?? []).flatMap((name) => {
      const value = parameters.get(name);
      return value === null ? [] : [[name, value] as const];
    }),
    forwarded: forwardedOf(format, headers, offered),
  };
}

function protocolsOf(headers: HeaderList): string[] {
  const text = headerOf(headers, 'sec-websocket-protocol') ?? '';
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function withoutSecret(headers: HeaderList, protocols: string): HeaderList {
  const shown = [...headers];
  const at = shown.findIndex((name, i) => i % 2 === 0 && name === 'sec-websocket-protocol');
  if (at >= 0) shown[at + 1] = protocols;
  return shown;
}

function firstOf(parameters: URLSearchParams, names: readonly string[]): string {
  for (const name of names) {
    const value = parameters.get(name);
    if (value !== null && value !== '') return value;
  }
  return '';
}

function forwardedOf(format: SocketHandshake, headers: HeaderList, offered: readonly string[]): HeaderList {
  const forwarded: HeaderList = [];
  for (const name of [...(format.headers ?? []), 'traceparent', 'tracestate']) {
    const value = headerOf(headers, name);
    if (value !== undefined) forwarded.push(name, value);
  }
  for (const protocol of offered) {
    const header = format.headerProtocols?.[protocol];
    if (header !== undefined && !forwarded.includes(header[0])) forwarded.push(header[0], header[1]);
  }
  return forwarded;
}
