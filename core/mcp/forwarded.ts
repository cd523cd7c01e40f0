import { createHmac, timingSafeEqual } from 'node:crypto';
import { type HeaderList, headerOf } from '@headgate/sdk';

/** A request that another node has passed on says so here. */
export const FORWARDED = 'x-headgate-forwarded';

/** Clocks of nodes may differ by so much, and a request may be on its way for as long. */
const VALID_MS = 60_000;
const FORM = /^(\d{1,15});([0-9a-fA-F.:]*);([A-Za-z0-9_-]{43})$/;

/**
 * What one node tells another of a request that it passes on: the address of the client, whom it has let in, sealed with what the nodes
 * share.
 *
 * @param secret of all nodes
 * @param session that the request is of; the seal is good for no other
 */
export function forwardedHeader(secret: string, address: string, session: string, now: number): string {
  return `${now};${address};${sealOf(secret, address, session, now)}`;
}

/** The client's address when another node has passed the request on; null for anything else, whatever it says. */
export function forwardedFor(secret: string, headers: HeaderList, now: number): string | null {
  const [, at = '', address = '', seal = ''] = FORM.exec(headerOf(headers, FORWARDED) ?? '') ?? [];
  if (seal === '' || Math.abs(now - Number(at)) > VALID_MS) return null;
  const session = headerOf(headers, 'mcp-session-id') ?? '';
  const right = sealOf(secret, address, session, Number(at));
  return timingSafeEqual(Buffer.from(seal), Buffer.from(right)) ? address : null;
}

function sealOf(secret: string, address: string, session: string, at: number): string {
  return createHmac('sha256', secret)
    .update(`headgate forwarded request\0${at}\0${address}\0${session}`)
    .digest('base64url');
}
