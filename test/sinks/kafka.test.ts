import { Kafka, logLevel, type SASLOptions } from 'kafkajs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { settled } from '../store/records.js';
import { noKafka, startKafka } from './real-kafka.js';
import { runSinks, sinkSettings } from './running-sinks.js';

const PASSWORD = 'planted-1f2e3d4c';

interface Message {
  readonly key: string;
  readonly id: string;
  readonly customer: string;
  readonly header: string;
}

/** What a topic has, as a consumer that begins at its beginning reads it. */
async function startReading(broker: string, sasl: SASLOptions, topic: string): Promise<Message[]> {
  const kafka = new Kafka({ clientId: 'reader', brokers: [broker], sasl, logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: 'reader' });
  onTestFinished(() => consumer.disconnect());
  const found: Message[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ message: { key, value, headers } }) => {
      const { id, customer } = JSON.parse(String(value)) as { id: string; customer: string };
      found.push({ key: String(key), id, customer, header: String(headers?.['id']) });
    },
  });
  return found;
}

describe.skipIf(noKafka !== null)('a topic of a real Kafka broker', () => {
  it('has every record, also those of while the broker was away', async () => {
    const broker = await startKafka({ user: 'gate', password: PASSWORD });
    onTestFinished(() => broker.stop());
    const values = { brokers: broker.address, topic: 'requests', username: 'gate', password: PASSWORD };
    const sinks = runSinks([sinkSettings('kafka', values)], null);
    onTestFinished(() => sinks.close());
    const before = [settled({ keyId: 'key_1' }), settled({ keyId: '' })];
    await sinks.settle(before);
    await expect.poll(() => sinks.sinks.states()[0]?.counts.sent).toBe(2);

    await broker.crash();
    const away = [settled(), settled()];
    await sinks.settle(away);
    await expect.poll(() => sinks.sinks.states()[0]?.failing).not.toBeNull();
    await broker.start();
    await expect.poll(() => sinks.sinks.states()[0]).toMatchObject({ failing: null, counts: { sent: 4 } });
    const sasl: SASLOptions = { mechanism: 'plain', username: 'gate', password: PASSWORD };
    const found = await startReading(broker.address, sasl, 'requests');
    const all = [...before, ...away];
    await expect.poll(() => new Set(found.map(({ id }) => id))).toEqual(new Set(all.map(({ id }) => id)));
    for (const { id, keyId, customer } of all)
      expect(found).toContainEqual({ key: keyId || id, id, customer, header: id });
    expect(JSON.stringify([sinks.lines, sinks.sinks.states()])).not.toContain(PASSWORD);
  }, 180_000);
});
