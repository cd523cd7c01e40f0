import type { CallAdapter, HeaderList, ProviderRow, Signer, SignerHost, Transport } from '@headgate/sdk';
import type { ProviderConfig } from '../config/config.js';
import { fillHoles } from '../config/holes.js';
import { textValues } from '../config/resolve-variables.js';
import { setHeader } from '../set-header.js';
import { compileAdapters } from './compile-adapters.js';
import { compileFieldEdits } from './field-edits.js';
import { KeyRing, type KeySource } from './key-ring.js';
import { openCredential } from './open-credential.js';
import type { Provider } from './provider.js';
import { isSameSite } from './same-site.js';

export interface ProviderParts {
  readonly row: ProviderRow;
  readonly signer: Signer;
  readonly adapters: ReadonlyMap<string, CallAdapter>;
  readonly signerHost: SignerHost;
  /** The transport of a provider that answers inside the process. */
  readonly local: Transport | null;
  /** A pool for an origin; the same one for the same origin and time-out. */
  readonly http: (origin: string, connectTimeoutMs: number) => Transport;
}

/** A provider with everything done that can be done before a request comes. */
export function compileProvider(config: ProviderConfig, parts: ProviderParts): Provider {
  const { row, signer, signerHost, local } = parts;
  const values = textValues(config.variables);
  const url = new URL(config.baseUrl ?? row.baseUrl ?? 'http://localhost');
  const basePath = url.pathname.replace(/\/$/, '');
  // A signature covers the host, and the operator may have set another one than the row's.
  const options = { host: url.host, ...filled(row.signerOptions, values) };
  const open = (credential: string) => openCredential(signer, credential, options, signerHost);
  return {
    id: config.id,
    row: {
      ...row,
      stateless: config.stateless === null ? row.stateless : [...config.stateless],
      // Another address is that of a server which is only like it, as far as anybody knows.
      fullOpenai: row.fullOpenai && config.baseUrl === fillHoles(row.baseUrl ?? '', values),
    },
    origin: local === null ? url.origin : '',
    basePath,
    transport: (connectTimeoutMs) => local ?? parts.http(url.origin, connectTimeoutMs),
    transportTo: (origin, connectTimeoutMs) =>
      local === null && isSameSite(url.origin, origin) ? parts.http(origin, connectTimeoutMs) : null,
    keys: new KeyRing(keySources(config), open, headersOf(config, row, values)),
    secrets: [...config.headers].map(([, value]) => value.reveal()),
    paths: new Map(
      Object.entries(config.formats ?? row.formats).map(([format, path]) => [
        format,
        basePath + fillHoles(path, values),
      ]),
    ),
    otherPaths: new Map(
      Object.entries(row.paths).map(([name, path]) => [name, basePath + fillHoles(path, values)]),
    ),
    adapters: compileAdapters(row, parts.adapters, (path) => basePath + fillHoles(path, values)),
    edits: compileFieldEdits(row, values),
  };
}

function headersOf(
  config: ProviderConfig,
  row: ProviderRow,
  values: ReadonlyMap<string, string>,
): HeaderList {
  const headers: HeaderList = [
    'content-type',
    'application/json',
    'accept-encoding',
    'identity',
    'user-agent',
    'headgate',
  ];
  for (const [name, value] of Object.entries(filled(row.headers, values)))
    setHeader(headers, name.toLowerCase(), value);
  for (const [name, value] of config.headers) setHeader(headers, name, value.reveal());
  return headers;
}

function filled(texts: Record<string, string>, values: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, fillHoles(text, values)]));
}

function keySources(config: ProviderConfig): KeySource[] {
  if (config.keys.length === 0) return [{ name: 'none', value: '', weight: 1, models: null }];
  return config.keys.map((key) => ({ ...key, value: key.value.reveal() }));
}
