import { seal, unseal } from './login/sealed.js';

/** What may be opened in a browser by whoever was given the link. */
export interface SignInTicket {
  readonly server: string;
  /** Whose credential comes of it. */
  readonly owner: string;
  /** Rights that are wanted; '' for those that the server wants at first. */
  readonly scope: string;
  readonly untilMs: number;
}

const PURPOSE = 'mcp-sign-in';
/** Logs and records take what begins so for a secret, and leave it out. */
const PREFIX = 'sess-';
const GOOD_MS = 15 * 60_000;

/** Path at which somebody signs in to a server, good for a quarter of an hour. */
export function signInPath(secret: string, server: string, owner: string, scope: string): string {
  const ticket: SignInTicket = { server, owner, scope, untilMs: Date.now() + GOOD_MS };
  return `/api/mcp/${encodeURIComponent(server)}/authorize?ticket=${PREFIX}${seal(secret, PURPOSE, ticket)}`;
}

/** Null for what is none, or is over. */
export function readTicket(secret: string, text: string): SignInTicket | null {
  if (!text.startsWith(PREFIX)) return null;
  const ticket = unseal(secret, PURPOSE, text.slice(PREFIX.length)) as SignInTicket | null;
  return ticket === null || ticket.untilMs <= Date.now() ? null : ticket;
}
