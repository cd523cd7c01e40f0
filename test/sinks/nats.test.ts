import { connect } from 'nats';
import { expect, it, onTestFinished } from 'vitest';
import { freePort } from '../e2e/harness.js';
import { settled } from '../store/records.js';
import { tempDir } from '../store/temp-dir.js';
import { program, RealServer, required } from './real-server.js';
import { runSinks, sinkSettings } from './running-sinks.js';

const PASSWORD = 'planted-5d4c3b2a';

// Debian: apt-get install nats-server.
it.skipIf(program('nats-server') === null && !required)(
  'a stream of a real NATS server has every record once, also those of while it was away',
  async () => {
    const port = await freePort();
    const flags = [
      '-a',
      '127.0.0.1',
      '-p',
      String(port),
      '-js',
      '-sd',
      tempDir(),
      '--user',
      'gate',
      '--pass',
      PASSWORD,
    ];
    const server = new RealServer(program('nats-server') ?? 'nats-server', flags, port);
    onTestFinished(() => server.stop());
    await server.start();
    const connected = () => connect({ servers: `127.0.0.1:${port}`, user: 'gate', pass: PASSWORD });
    const making = await connected();
    const manager = await making.jetstreamManager();
    await manager.streams.add({ name: 'requests', subjects: ['gate.requests'] });
    await making.close();
    /** What the stream has, as a client of its own reads it. */
    const inStream = async (): Promise<{ subject: string; id: string; customer: string }[]> => {
      const connection = await connected();
      try {
        const { streams } = await connection.jetstreamManager();
        const { messages } = (await streams.info('requests')).state;
        const found = [];
        for (let seq = 1; seq <= messages; seq++) {
          const message = await streams.getMessage('requests', { seq });
          const { id, customer } = message.json<{ id: string; customer: string }>();
          expect(message.header.get('Nats-Msg-Id')).toBe(id);
          found.push({ subject: message.subject, id, customer });
        }
        return found;
      } finally {
        await connection.close();
      }
    };

    const values = {
      servers: `127.0.0.1:${port}`,
      subject: 'gate.requests',
      username: 'gate',
      password: PASSWORD,
    };
    const sinks = runSinks([sinkSettings('nats', values)], null);
    onTestFinished(() => sinks.close());
    const before = [settled(), settled()];
    await sinks.settle(before);
    const told = (records: typeof before) =>
      records.map(({ id, customer }) => ({ subject: 'gate.requests', id, customer }));
    await expect.poll(inStream).toEqual(told(before));

    await server.crash();
    const away = [settled(), settled()];
    await sinks.settle(away);
    await expect.poll(() => sinks.sinks.states()[0]?.failing).not.toBeNull();
    await server.start();
    await expect.poll(() => sinks.sinks.states()[0]).toMatchObject({ failing: null, counts: { sent: 4 } });
    expect(await inStream()).toEqual(told([...before, ...away]));
    expect(JSON.stringify([sinks.lines, sinks.sinks.states()])).not.toContain(PASSWORD);
  },
);
