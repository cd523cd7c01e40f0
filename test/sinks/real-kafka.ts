import { execFile } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '../e2e/harness.js';
import { tempDir } from '../store/temp-dir.js';
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

/** One broker without ZooKeeper, on loopback, which knows one user: https://kafka.apache.org/documentation/#kraft. */
export async function startKafka(account: { user: string; password: string }): Promise<RealKafka> {
  const [port, controller, dir] = [await freePort(), await freePort(), tempDir()];
  const file = join(dir, 'server.properties');
  const { user, password } = account;
  const login = `org.apache.kafka.common.security.plain.PlainLoginModule required username="${user}" password="${password}" user_${user}="${password}";`;
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
    'log.dirs': join(dir, 'data'),
    'num.partitions': '1',
    'offsets.topic.num.partitions': '1',
    'offsets.topic.replication.factor': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
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
    stop: () => server.stop(),
  };
}
