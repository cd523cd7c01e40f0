import { lookup as systemLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import type { Host } from '@headgate/sdk';
import { Agent, request } from 'undici';

/** Largest answer a plugin gets. */
const MAX_BYTES = 10 * 1024 * 1024;
const DEFAULT_TIMEOUT_MS = 10_000;

const refused = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const) {
  refused.addSubnet(net, bits, 'ipv4');
}
for (const [net, bits] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  refused.addSubnet(net, bits, 'ipv6');
}

/** Whether an address is private, loopback, link-local or otherwise no public host's. */
export function isPrivateAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return true;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped?.[1] !== undefined) return refused.check(mapped[1], 'ipv4');
  if (/^::ffff:/i.test(address)) return true;
  return refused.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

/** Looks a name up and refuses it if any of its addresses is private; the connection goes to what was checked. */
const publicLookup: LookupFunction = (host, options, callback) => {
  systemLookup(host, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, []);
    const bad = addresses.find(({ address }) => isPrivateAddress(address));
    if (bad !== undefined) return callback(new Error(`${host} is not a public address`), []);
    if (options.all === true) return callback(null, addresses);
    const first = addresses[0];
    return first === undefined
      ? callback(new Error(`${host} has no address`), [])
      : callback(null, first.address, first.family);
  });
};

const agent = new Agent({ connect: { lookup: publicLookup } });

/** `host.fetch`: HTTP to public addresses only, no redirects, with limits on time and size. */
export const guardedFetch: Host['fetch'] = async (url, init = {}) => {
  const target = new URL(url);
  if (target.protocol !== 'https:' && target.protocol !== 'http:')
    throw new Error(`${target.protocol} is not HTTP`);
  const host = target.hostname.replace(/^\[|\]$/g, '');
  // A literal address is never looked up, so it is checked here.
  if (isIP(host) !== 0 && isPrivateAddress(host)) throw new Error(`${host} is not a public address`);
  const answer = await request(target, {
    method: (init.method ?? 'GET') as 'GET',
    headers: init.headers ?? {},
    body: init.body ?? null,
    dispatcher: agent,
    signal: AbortSignal.timeout(init.timeoutMs ?? DEFAULT_TIMEOUT_MS),
  });
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer.body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new Error(`the answer is larger than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  return {
    status: answer.statusCode,
    headers: Object.fromEntries(Object.entries(answer.headers).map(([name, value]) => [name, String(value)])),
    text: async () => text,
  };
};
