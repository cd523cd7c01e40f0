import type { SinkRow } from '@headgate/sdk';
import { recordJson } from './record-json.js';
import { optional, text } from './setting.js';

/** Kafka and what speaks its protocol, by `kafkajs`, which is installed beside Headgate by those who use it. */
export const kafka: SinkRow = {
  id: 'kafka',
  title: 'Apache Kafka',
  docs: 'https://kafka.js.org/docs/producing',
  sends: 'messages',
  settings: {
    brokers: text('brokers, `host:port`, with commas between them', 'KAFKA_BROKERS'),
    topic: optional('topic', 'headgate-requests'),
    tls: { type: 'flag', about: 'connect with TLS', default: false },
    mechanism: {
      type: 'text',
      about: 'how it is signed in',
      default: 'plain',
      words: ['plain', 'scram-sha-256', 'scram-sha-512'],
    },
    username: optional('user; left out: nobody is signed in'),
    password: { type: 'secret', about: 'its password', env: ['KAFKA_PASSWORD'] },
  },
  async open(values) {
    const { Kafka, logLevel } = await import('kafkajs').catch(() => {
      throw new Error('the package kafkajs is not installed: npm install kafkajs');
    });
    const username = values.text('username');
    const credential = { username, password: values.text('password') };
    const client = new Kafka({
      clientId: 'headgate',
      brokers: values.text('brokers').split(','),
      ssl: values.flag('tls'),
      logLevel: logLevel.NOTHING,
      // Deliveries are tried again by whoever makes them.
      retry: { retries: 1 },
      ...(username !== '' && {
        sasl: { mechanism: values.text('mechanism') as 'plain', ...credential },
      }),
    });
    const producer = client.producer();
    await producer.connect();
    return {
      async send(details) {
        const messages = details.map((detail) => ({
          // Those of a key stay in order.
          key: detail.record.keyId || detail.record.id,
          value: JSON.stringify(recordJson(detail)),
          headers: { id: detail.record.id },
        }));
        try {
          await producer.send({ topic: values.text('topic'), acks: -1, messages });
        } catch (error) {
          if (!(error instanceof Error) || !isAboutRecords(error)) throw error;
          return { kind: 'refused', why: error.message };
        }
        return { kind: 'taken' };
      },
      close: () => producer.disconnect(),
    };
  },
};

/** https://kafka.apache.org/protocol.html#protocol_error_codes of a partition: tried again, the same would be said for ever. */
const ABOUT_RECORDS: ReadonlySet<unknown> = new Set([
  'CORRUPT_MESSAGE',
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_TIMESTAMP',
  'INVALID_RECORD',
]);

/** Of the error itself, or of that which the last try ended in. */
function isAboutRecords(error: Error & { readonly type?: unknown }): boolean {
  if (ABOUT_RECORDS.has(error.type)) return true;
  return error.cause instanceof Error && isAboutRecords(error.cause);
}
