import { isIP } from 'node:net';
import type { Config } from './config.js';

/** Whether only this machine can reach a socket bound to `host`. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (bare === 'localhost' || bare === '::1' || bare === '0:0:0:0:0:0:0:1') return true;
  const v4 = bare.startsWith('::ffff:') ? bare.slice('::ffff:'.length) : bare;
  return isIP(v4) === 4 && v4.startsWith('127.');
}

/** Why the gateway must not start on this address and what to set, or null when it may. */
export function checkBind(config: Pick<Config, 'server' | 'admin'>): string | null {
  const { host } = config.server;
  if (isLoopback(host) || config.admin.token !== null || config.admin.oidc !== null) return null;
  return `bound to ${host} without an admin credential: set admin.token, HEADGATE_ADMIN_TOKEN or admin.oidc, or bind to 127.0.0.1`;
}
