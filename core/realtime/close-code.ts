import type { CanonicalError, ErrorKind } from '@headgate/sdk';

/** RFC 6455, 7.4.1: what a close may not say on the wire stands for how a connection ended without one. */
export const NO_STATUS = 1005;
export const BROKEN = 1006;
export const GOING_AWAY = 1001;
export const POLICY = 1008;
export const TOO_LARGE = 1009;
export const SERVER_ERROR = 1011;

/** Longest reason in bytes. */
const MOST_REASON = 123;

/** Whether a code may stand in a close frame. */
function isSendable(code: number): boolean {
  if (code >= 3000) return code <= 4999;
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== NO_STATUS && code !== BROKEN;
}

/**
 * The code of one side's close as it is passed on to the other: as it is where it may be sent, none for a close without
 * one, and `broken` for a connection that just ended.
 */
export function passedOn(code: number, broken: number): number | undefined {
  if (code === NO_STATUS) return undefined;
  return isSendable(code) ? code : broken;
}

const fault: ReadonlySet<ErrorKind> = new Set([
  'upstream',
  'internal',
  'timeout',
  'unavailable',
  'overloaded',
]);

/** The code for an error of the gateway itself. */
export function codeOf({ kind, code }: CanonicalError): number {
  switch (code) {
    case 'draining':
    case 'gateway_stopping':
    case 'session_idle':
    case 'session_expired':
      return GOING_AWAY;
    case 'provider_message_too_large':
      return TOO_LARGE;
  }
  if (kind === 'too-large') return TOO_LARGE;
  return fault.has(kind) ? SERVER_ERROR : POLICY;
}

/** As much of a text as a close can say, cut between characters. */
export function reasonText(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= MOST_REASON) return text;
  let end = MOST_REASON;
  while (((bytes[end] as number) & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end);
}
