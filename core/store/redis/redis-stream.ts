import type { RedisStream } from '@headgate/sdk';
import { Redis } from 'ioredis';

const CONNECT_MS = 5_000;
const COMMAND_MS = 10_000;

/** A stream of one Redis or Valkey, for a sink: what cannot be written is the caller's to try again. */
export async function openRedisStream(url: string): Promise<RedisStream> {
  const client = new Redis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: CONNECT_MS,
    commandTimeout: COMMAND_MS,
    connectionName: 'headgate-sink',
    protocol: 2,
    // Nor what a lost connection left open: the caller is told of each.
    autoResendUnfulfilledCommands: false,
    retryStrategy: (times) => Math.min(10_000, 200 * times),
  });
  // Each failure is told by the command that meets it.
  client.on('error', () => {});
  try {
    await client.connect();
  } catch (error) {
    client.disconnect();
    throw error;
  }
  return {
    async add(key, entries, maxLength) {
      const pipeline = client.pipeline();
      const trim = maxLength > 0 ? ['MAXLEN', '~', String(maxLength)] : [];
      for (const entry of entries) pipeline.call('XADD', key, ...trim, '*', ...entry);
      const answers = (await pipeline.exec()) ?? [];
      return entries.map((_, i) => {
        const answer = answers[i];
        if (answer === undefined) return 'it was not answered';
        const [error] = answer;
        return error === null ? null : error.message;
      });
    },
    close: () => client.disconnect(),
  };
}
