import type { SinkRow } from '@headgate/sdk';
import type { NatsConnection } from 'nats';
import { recordJson } from './record-json.js';
import { optional, text } from './setting.js';

/** NATS, by `nats`, which is installed beside Headgate by those who use it. */
export const nats: SinkRow = {
  id: 'nats',
  title: 'NATS',
  docs: 'https://docs.nats.io/reference/reference-protocols/nats-protocol',
  sends: 'messages',
  settings: {
    servers: text('servers, `host:port`, with commas between them', 'NATS_URL'),
    subject: optional('subject', 'headgate.requests'),
    token: { type: 'secret', about: 'token; in its place', env: ['NATS_TOKEN'] },
    username: optional('a user'),
    password: { type: 'secret', about: 'and a password', env: ['NATS_PASSWORD'] },
  },
  async open(values) {
    const { connect, headers } = await import('nats').catch(() => {
      throw new Error('the package nats is not installed: npm install nats');
    });
    const [token, user] = [values.text('token'), values.text('username')];
    const open = (): Promise<NatsConnection> =>
      connect({
        servers: values.text('servers').split(','),
        name: 'headgate',
        timeout: 5_000,
        // It would give up for good after a while, and send what it held beside what is tried again.
        reconnect: false,
        ...(token !== '' ? { token } : {}),
        ...(token === '' && user !== '' ? { user, pass: values.text('password') } : {}),
      });
    let connection = await open();
    return {
      async send(details) {
        if (connection.isClosed()) connection = await open();
        for (const detail of details) {
          // With JetStream behind the subject, what is told twice is kept once.
          const extra = headers();
          extra.set('Nats-Msg-Id', detail.record.id);
          connection.publish(values.text('subject'), JSON.stringify(recordJson(detail)), { headers: extra });
        }
        // The server has read all of it.
        await connection.flush();
        return { kind: 'taken' };
      },
      close: () => connection.close(),
    };
  },
};
