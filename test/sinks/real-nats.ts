import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type NatsConnection } from 'nats';
import { freePort } from '../e2e/harness.js';
import { program, RealServer, required } from './real-server.js';

/** Why tests with a real NATS server cannot run here; null when they can. */
export const noNats: string | null =
  program('nats-server') === null && !required
    ? 'there is no NATS server (Debian: apt-get install nats-server)'
    : null;

export interface RealNats {
  /** `host:port`. */
  readonly address: string;
  /** Who may do everything, as the settings of the sink have it. */
  readonly owner: { readonly username: string; readonly password: string };
  /** A connection of theirs. */
  connect(): Promise<NatsConnection>;
  crash(): Promise<void>;
  /** It keeps its connections and does nothing, until it is woken. */
  hang(): void;
  wake(): void;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface NatsAccount {
  readonly user: string;
  readonly password: string;
  /** What it may publish to; left out: everything. */
  readonly publish?: readonly string[];
}

/** A server on loopback with JetStream, started; what streams have is on its disk. @param maxPayload bytes of a message */
export async function startNats(
  accounts: readonly NatsAccount[],
  maxPayload = 1024 * 1024,
): Promise<RealNats> {
  const [port, dir] = [await freePort(), mkdtempSync(join(tmpdir(), 'headgate-nats-'))];
  const file = join(dir, 'nats.conf');
  const owner = { user: 'owner', password: 'of-the-server' };
  const users = [owner, ...accounts].map(({ user, password, publish }: NatsAccount) => ({
    user,
    password,
    ...(publish !== undefined && { permissions: { publish, subscribe: ['_INBOX.>'] } }),
  }));
  const settings = {
    host: '127.0.0.1',
    port,
    max_payload: maxPayload,
    jetstream: { store_dir: join(dir, 'streams') },
    authorization: { users },
  };
  // Its own form of configuration takes JSON, too.
  writeFileSync(file, JSON.stringify(settings));
  const server = new RealServer(program('nats-server') ?? 'nats-server', ['-c', file], port);
  await server.start();
  return {
    address: `127.0.0.1:${port}`,
    owner: { username: owner.user, password: owner.password },
    connect: () => connect({ servers: `127.0.0.1:${port}`, user: owner.user, pass: owner.password }),
    crash: () => server.crash(),
    hang: () => server.hang(),
    wake: () => server.wake(),
    start: () => server.start(),
    async stop() {
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
