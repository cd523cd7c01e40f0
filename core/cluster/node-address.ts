import { networkInterfaces } from 'node:os';
import type { Config } from '../config/config.js';

/** Where the other nodes reach this one, by what it listens on; null when nobody can say. */
export function nodeAddress({ cluster, server }: Config, port: number): string | null {
  const told = cluster?.address ?? null;
  if (told !== null) return told;
  // A certificate is good for names, and which one that is the machine does not know.
  if (server.tls !== null) return null;
  const host = isEverywhere(server.host) ? ownAddress() : server.host;
  if (host === null) return null;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function isEverywhere(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

/** The first address of this machine that is not loopback, IPv4 before IPv6. */
function ownAddress(): string | null {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const outer = all.filter(({ internal, scopeid = 0 }) => !internal && scopeid === 0);
  const first = outer.find(({ family }) => family === 'IPv4') ?? outer[0];
  return first?.address ?? null;
}
