import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '../e2e/harness.js';
import { program, RealServer, required } from './real-server.js';

/** The broker's jars, which `scripts/kafka-jars.sh` fetches. */
const jars = fileURLToPath(new URL('../../.scratch/kafka/jars', import.meta.url));

/** Why tests with a real broker cannot run here; null when they can. */
export const noKafka: string | null =
  (!existsSync(jars) || program('java') === null) && !required
    ? 'there is no Kafka broker: fetch it by scripts/kafka-jars.sh, which needs Java and Maven'
    : null;

export interface RealKafka {
  /** `host:port`. */
  readonly address: string;
  /** Ends it at once, as a crash does; what it has taken is on its disk. */
  crash(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface KafkaAccount {
  readonly user: string;
  readonly password: string;
}

/**
 * One broker without ZooKeeper, on loopback: https://kafka.apache.org/documentation/#kraft. The first account may do everything, others
 * what they are allowed to; topics are there when somebody has made them.
 */
export async function startKafka(accounts: readonly [KafkaAccount, ...KafkaAccount[]]): Promise<RealKafka> {
  const [port, controller] = [await freePort(), await freePort()];
  const dir = mkdtempSync(join(tmpdir(), 'headgate-kafka-'));
  const file = join(dir, 'server.properties');
  const [owner] = accounts;
  const known = accounts.map(({ user, password }) => `user_${user}="${password}"`).join(' ');
  const login = `org.apache.kafka.common.security.plain.PlainLoginModule required username="${owner.user}" password="${owner.password}" ${known};`;
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controller}`,
    listeners: `SASL_PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
    'advertised.listeners': `SASL_PLAINTEXT://127.0.0.1:${port}`,
    'listener.security.protocol.map': 'SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'SASL_PLAINTEXT',
    'sasl.enabled.mechanisms': 'PLAIN',
    'sasl.mechanism.inter.broker.protocol': 'PLAIN',
    'listener.name.sasl_plaintext.plain.sasl.jaas.config': login,
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': `User:${owner.user};User:ANONYMOUS`,
    'auto.create.topics.enable': 'false',
    'log.dirs': join(dir, 'data'),
    'num.partitions': '1',
    'offsets.topic.num.partitions': '1',
    'offsets.topic.replication.factor': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    // After a crash, it is let in again when its former self counts as dead.
    'broker.session.timeout.ms': '2000',
    'broker.heartbeat.interval.ms': '500',
  };
  writeFileSync(
    file,
    Object.entries(settings)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  );
  const java = program('java') ?? 'java';
  const flags = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xshare:auto', '-cp', join(jars, '*')];
  const id = 'aGVhZGdhdGUtdGVzdC0wMQ';
  await promisify(execFile)(java, [...flags, 'kafka.tools.StorageTool', 'format', '-t', id, '-c', file]);
  const server = new RealServer(java, [...flags, '-Xmx256m', 'kafka.Kafka', file], port);
  await server.start();
  return {
    address: `127.0.0.1:${port}`,
    crash: () => server.crash(),
    start: () => server.start(),
    async stop() {
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
