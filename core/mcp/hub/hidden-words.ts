import type { McpServerConfig } from '../../config/mcp-config.js';
import { REDACTED } from '../../config/secret.js';

/** Shorter values would hide ordinary words. */
const MIN_LENGTH = 6;
/** An error is for people: what is longer says no more. */
const MOST = 500;

/**
 * Takes what a server's configuration keeps secret out of what the server says: programs print their environment when they
 * fail, and clients the address they could not reach.
 */
export function hiderFor({ transport }: McpServerConfig): (text: string) => string {
  return hiderOf(longEnough(hiddenValues(transport)));
}

/** Text without any of these, except such as ordinary words are. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.length === 0 ? text : hiderOf(longEnough(secrets))(text);
}

/** Takes these out of texts, the longest first, so that one within another does not leave the rest of it standing. */
export function hiderOf(secrets: readonly string[]): (text: string) => string {
  const words = secrets.filter((one) => one !== '').toSorted((a, b) => b.length - a.length);
  return (text) => words.reduce((hidden, word) => hidden.replaceAll(word, REDACTED), text);
}

function longEnough(secrets: readonly string[]): readonly string[] {
  return secrets.filter((one) => one.length >= MIN_LENGTH);
}

function hiddenValues(transport: McpServerConfig['transport']): string[] {
  if (transport.kind === 'stdio')
    return [...transport.env.values()].map((one) => one.reveal()).concat(hiddenArguments(transport.args));
  const addresses =
    transport.kind !== 'openapi'
      ? [transport.url]
      : [transport.base, 'url' in transport.document ? transport.document.url : null];
  return [
    ...[...transport.headers.values()].flatMap((one) => [one.reveal(), one.reveal().replace(/^\w+ /, '')]),
    ...addresses.flatMap((one) =>
      one !== null && JSON.stringify(one) === JSON.stringify(REDACTED) ? urlParts(one.reveal()) : [],
    ),
  ];
}

/** The same, short enough for a message and without control characters. */
export function shortText(text: string): string {
  const plain = text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();
  return plain.length > MOST ? `${plain.slice(0, MOST)}…` : plain;
}

function hiddenArguments(args: { reveal(): readonly string[]; toJSON(): unknown }): string[] {
  const shown = args.toJSON() as readonly unknown[];
  return args.reveal().filter((one, at) => shown[at] !== one);
}

/** A path or a query with a key in it stands alone in some messages. */
function urlParts(url: string): string[] {
  const { pathname, search } = new URL(url);
  return [url, pathname + search, search.slice(1), ...new URL(url).searchParams.values()].filter(
    (one) => one !== '/',
  );
}
