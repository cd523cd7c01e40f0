import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { HOLD_SCRIPT } from './hold-script.js';
import { PRESENCE_SCRIPT } from './presence-script.js';
import type { RedisTarget } from './redis-target.js';
import { SETTLE_SCRIPT } from './settle-script.js';

const CONNECT_MS = 2_000;
const COMMAND_MS = 1_000;
const LONGEST_PAUSE_MS = 1_000;
const FIRST_PAUSE_MS = 50;

/** Commands of ours beside those of the library: both run as one step. */
interface Scripts {
  headgateHold(...keysAndArguments: (string | number)[]): Promise<string[]>;
  headgateSettle(...keysAndArguments: (string | number)[]): Promise<string>;
  headgatePresence(...keysAndArguments: (string | number)[]): Promise<[number, number]>;
}

export type RedisClient = (Redis | Cluster) & Scripts;

export interface RedisClients {
  readonly commands: RedisClient;
  /** Hears messages, and may send no commands. */
  readonly listener: Redis | Cluster;
}

const again = (times: number): number => Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * times);

/** What is asked while there is no connection fails at once, and nothing is ever sent twice: a counter would not forgive it. */
const COMMON: RedisOptions = {
  lazyConnect: true,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  connectTimeout: CONNECT_MS,
  commandTimeout: COMMAND_MS,
  connectionName: 'headgate',
  // Servers and proxies older than RESP3 are Redis too, and nothing here needs more.
  protocol: 2,
  retryStrategy: again,
};

const SCRIPTS = {
  headgateHold: { lua: HOLD_SCRIPT, numberOfKeys: 3 },
  headgateSettle: { lua: SETTLE_SCRIPT, numberOfKeys: 2 },
  headgatePresence: { lua: PRESENCE_SCRIPT, numberOfKeys: 1 },
};

/** Two clients that are not connected yet. @param onError each failure of a connection; it is tried again by itself */
export function redisClients(target: RedisTarget, onError: (error: Error) => void): RedisClients {
  const commands = clientOf(target);
  for (const [name, script] of Object.entries(SCRIPTS)) commands.defineCommand(name, script);
  const listener =
    target.kind === 'cluster' ? commands : (commands as Redis).duplicate({ enableOfflineQueue: true });
  for (const client of new Set([commands, listener])) client.on('error', onError);
  return { commands: commands as RedisClient, listener };
}

function clientOf({ urls, kind, master }: RedisTarget): Redis | Cluster {
  const [first = ''] = urls;
  const { username, password, tls } = credentialsOf(first);
  const account = { ...(username !== '' && { username }), ...(password !== '' && { password }) };
  const secure = tls ? { tls: {} } : {};
  if (kind === 'single') return new Redis(first, COMMON);
  if (kind === 'cluster')
    return new Cluster(urls.map(placeOf), {
      lazyConnect: true,
      enableOfflineQueue: false,
      clusterRetryStrategy: again,
      slotsRefreshTimeout: CONNECT_MS,
      redisOptions: { ...COMMON, ...account, ...secure },
    });
  return new Redis({
    ...COMMON,
    ...account,
    ...secure,
    name: master,
    sentinels: urls.map(placeOf),
    ...(tls && { enableTLSForSentinelMode: true, sentinelTLS: {} }),
    sentinelRetryStrategy: again,
  });
}

function credentialsOf(url: string): { username: string; password: string; tls: boolean } {
  const { username, password, protocol } = new URL(url);
  return {
    username: decodeURIComponent(username),
    password: decodeURIComponent(password),
    tls: protocol === 'rediss:',
  };
}

function placeOf(url: string): { host: string; port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? 6379 : Number(port) };
}
