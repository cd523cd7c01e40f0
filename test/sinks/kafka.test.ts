import { type Admin, Kafka, logLevel, type SASLOptions } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { embed } from '../gateway/embedded.js';
import { foundIn } from '../observe/planted-secrets.js';
import { startPlanting } from '../requests/planting.js';
import { settled } from '../store/records.js';
import { noKafka, type RealKafka, startKafka } from './real-kafka.js';
import { runSinks, sinkSettings } from './running-sinks.js';

const PASSWORD = 'planted-1f2e3d4c';
const SLOW = { timeout: 40_000 };
/** `ALTER`, `WRITE` and the like: https://kafka.apache.org/protocol.html#protocol_types, as kafkajs calls them. */
const ACL = { topic: 2, literal: 3, write: 4, allow: 3 } as const;

interface Message {
  readonly key: string;
  readonly id: string;
  readonly customer: string;
  readonly header: string;
  /** All of it. */
  readonly text: string;
}

describe.skipIf(noKafka !== null)('a real Kafka broker', () => {
  let broker: RealKafka;
  let admin: Admin;
  let owner: Kafka;
  beforeAll(async () => {
    broker = await startKafka([
      { user: 'gate', password: PASSWORD },
      { user: 'narrow', password: PASSWORD },
    ]);
    const sasl: SASLOptions = { mechanism: 'plain', username: 'gate', password: PASSWORD };
    const retry = { retries: 20, initialRetryTime: 100, maxRetryTime: 500 };
    owner = new Kafka({
      clientId: 'owner',
      brokers: [broker.address],
      sasl,
      retry,
      logLevel: logLevel.NOTHING,
    });
    admin = owner.admin();
    await admin.connect();
  }, 180_000);
  afterAll(async () => {
    await admin?.disconnect();
    await broker?.stop();
  });

  const makeTopic = (
    topic: string,
    configEntries: { name: string; value: string }[] = [],
  ): Promise<unknown> =>
    admin.createTopics({ topics: [{ topic, numPartitions: 1, replicationFactor: 1, configEntries }] });

  /** What a topic has, as a consumer that begins at its beginning reads it. */
  async function startReading(topic: string): Promise<Message[]> {
    const consumer = owner.consumer({ groupId: `reader-${topic}` });
    onTestFinished(() => consumer.disconnect());
    const found: Message[] = [];
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message: { key, value, headers } }) => {
        const { id, customer } = JSON.parse(String(value)) as { id: string; customer: string };
        const header = String(headers?.['id']);
        found.push({ key: String(key), id, customer, header, text: `${key} ${header} ${value}` });
      },
    });
    return found;
  }

  function run(topic: string, username = 'gate', password = PASSWORD) {
    const values = { brokers: broker.address, topic, username, password };
    const sinks = runSinks([sinkSettings('kafka', values)], null);
    onTestFinished(async () => {
      await sinks.close();
      expect(JSON.stringify([sinks.lines, sinks.sinks.states()])).not.toContain(password);
    });
    return { sinks, state: () => sinks.sinks.states()[0] };
  }
  const idsOf = (some: readonly { id: string }[]): string[] => some.map(({ id }) => id).toSorted();

  it('without the topic keeps nobody waiting for ever: records wait, and are there when somebody makes it', async () => {
    const { sinks, state } = run('later');
    const records = [settled(), settled()];
    await sinks.settle(records);
    await expect.poll(() => state()?.failing, SLOW).toMatch(/topic-partition|topic/);
    expect(state()?.counts).toMatchObject({ sent: 0, refused: 0 });
    await makeTopic('later');
    await expect.poll(state, SLOW).toMatchObject({ failing: null, counts: { sent: 2, refused: 0 } });
    const found = await startReading('later');
    await expect.poll(() => idsOf(found), SLOW).toEqual(idsOf(records));
  });

  it('that refuses a message as too large is told of the others, and the refusal is counted with its reason', async () => {
    await makeTopic('small', [{ name: 'max.message.bytes', value: '8000' }]);
    const { sinks, state } = run('small');
    const records = [settled(), settled(), settled({ errorMessage: 'x'.repeat(20_000) }), settled()];
    await sinks.settle(records);
    await expect
      .poll(state, SLOW)
      .toMatchObject({ counts: { sent: 3, refused: 1, failures: 0 }, backlogBytes: 0 });
    const warned = sinks.lines.filter(({ level }) => level === 'warn');
    expect(JSON.stringify(warned)).toContain('larger than');
    const found = await startReading('small');
    const rest = records.filter(({ errorMessage }) => errorMessage === '');
    await expect.poll(() => idsOf(found), SLOW).toEqual(idsOf(rest));
  });

  it('that does not let it write says so, and records wait until it does', async () => {
    await makeTopic('guarded');
    const { sinks, state } = run('guarded', 'narrow');
    const records = [settled(), settled()];
    await sinks.settle(records);
    await expect.poll(() => state()?.failing, SLOW).toMatch(/[Nn]ot authorized/);
    expect(state()?.counts).toMatchObject({ sent: 0, refused: 0 });
    await admin.createAcls({
      acl: [
        {
          resourceType: ACL.topic,
          resourceName: 'guarded',
          resourcePatternType: ACL.literal,
          principal: 'User:narrow',
          host: '*',
          operation: ACL.write,
          permissionType: ACL.allow,
        },
      ],
    });
    await expect.poll(state, SLOW).toMatchObject({ failing: null, counts: { sent: 2, refused: 0 } });
    const found = await startReading('guarded');
    await expect.poll(() => idsOf(found), SLOW).toEqual(idsOf(records));
  });

  it('that does not know its password says so, and nothing of it is shown', async () => {
    const { sinks, state } = run('later', 'narrow', 'planted-wrong-0a1b');
    await sinks.settle([settled()]);
    await expect.poll(() => state()?.failing, SLOW).toMatch(/authentication/i);
    expect(state()).toMatchObject({ counts: { sent: 0, refused: 0, dropped: 0 } });
  });

  // As test/requests/planted-everywhere does with the other sinks.
  it('is told none of fifty planted secrets, with prompts and answers', async () => {
    await makeTopic('planted');
    const planting = await startPlanting();
    onTestFinished(() => planting.close());
    const account = { username: 'gate', password: PASSWORD };
    const gateway = await embed({
      ...planting.options,
      config: {
        ...planting.options.config,
        observability: {
          log_level: 'silent',
          log_bodies: true,
          metadata: ['note'],
          sinks: [
            {
              use: 'kafka',
              brokers: broker.address,
              topic: 'planted',
              ...account,
              content: true,
              batch: { wait: '10ms' },
            },
          ],
        },
      } as never,
    });
    onTestFinished(async () => void (await gateway.close()));
    await planting.plantIn(gateway);
    const found = await startReading('planted');
    await expect
      .poll(() => found.map(({ id }) => id), SLOW)
      .toEqual(expect.arrayContaining([...planting.ids]));
    const text = found.map((one) => one.text).join('\n');
    expect(text).toContain('it is ***');
    expect(text).toContain('for the tests');
    expect(foundIn(text, planting.planted)).toEqual([]);
  }, 180_000);

  it('that crashes has every record, also those of while it was away', async () => {
    await makeTopic('requests');
    const { sinks, state } = run('requests');
    const before = [settled({ keyId: 'key_1' }), settled({ keyId: '' })];
    await sinks.settle(before);
    await expect.poll(() => state()?.counts.sent, SLOW).toBe(2);

    await broker.crash();
    const away = [settled(), settled()];
    await sinks.settle(away);
    await expect.poll(() => state()?.failing, SLOW).not.toBeNull();
    await broker.start();
    await expect.poll(state, SLOW).toMatchObject({ failing: null, counts: { sent: 4 } });
    const found = await startReading('requests');
    const all = [...before, ...away];
    await expect
      .poll(() => new Set(found.map(({ id }) => id)), SLOW)
      .toEqual(new Set(all.map(({ id }) => id)));
    for (const { id, keyId, customer } of all)
      expect(found).toContainEqual(expect.objectContaining({ key: keyId || id, id, customer, header: id }));
  }, 180_000);
});
