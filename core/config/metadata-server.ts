import { isIPv4 } from 'node:net';

const NAMES = new Set([
  'metadata.google.internal',
  'metadata',
  'instance-data',
  'instance-data.ec2.internal',
]);
const ADDRESSES = new Set([
  '100.100.100.200',
  '192.0.0.192',
  '168.63.129.16',
  '[fd00:ec2::254]',
  '[fd20:ce::254]',
]);

/** Where clouds tell their machines who they are. By its name or address alone: names of others may lead there too. */
export function isMetadataServer(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const host = new URL(url).hostname.toLowerCase().replace(/\.$/, '');
  if (NAMES.has(host) || ADDRESSES.has(host)) return true;
  if (isIPv4(host)) return host.startsWith('169.254.');
  return /^\[(fe[89ab]|::ffff:a9fe:)/.test(host);
}
