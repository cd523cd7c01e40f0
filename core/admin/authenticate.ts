import { type HeaderList, headerOf } from '@headgate/sdk';
import type { Config } from '../config/config.js';
import type { ControlRequest } from '../control.js';
import { sameSecret } from '../identity/same-secret.js';
import { ADMIN, type Caller, LOCAL, NOBODY } from './caller.js';

/** Who asks. Whoever shows something that is not known is nobody. */
export async function callerOf({ headers }: ControlRequest, config: Config): Promise<Caller> {
  const { token } = config.admin;
  // Possible on loopback alone.
  if (token === null) return LOCAL;
  return sameSecret(bearerOf(headers), token.reveal()) ? ADMIN : NOBODY;
}

/** A page of another site in a browser on this machine; only a token would tell it from its user. */
export function isForeign({ headers }: ControlRequest, { kind }: Caller): boolean {
  if (kind !== 'local') return false;
  const origin = headerOf(headers, 'origin');
  if (origin === undefined) return false;
  return !/^https?:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/.test(origin);
}

function bearerOf(headers: HeaderList): string {
  const value = headerOf(headers, 'authorization') ?? '';
  return value.slice(0, 7).toLowerCase() === 'bearer ' ? value.slice(7).trim() : '';
}
