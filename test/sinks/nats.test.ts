import type { OpenSink, SinkHost } from '@headgate/sdk';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { detailOf } from '../../core/observe/settled-detail.js';
import { sinkValues } from '../../core/sinks/sink-values.js';
import { nats } from '../../plugins/sinks/nats.js';
import { settled } from '../store/records.js';
import { noNats, type RealNats, startNats } from './real-nats.js';
import { runSinks, sinkSettings } from './running-sinks.js';

const PASSWORD = 'planted-5d4c3b2a';
const SLOW = { timeout: 20_000 };

interface Stored {
  readonly subject: string;
  readonly id: string;
  readonly customer: string;
}

describe.skipIf(noNats !== null)('a real NATS server', () => {
  let server: RealNats;
  beforeAll(async () => {
    const accounts = [
      { user: 'gate', password: PASSWORD },
      { user: 'narrow', password: PASSWORD, publish: ['gate.others'] },
    ];
    server = await startNats(accounts, 64 * 1024);
  }, 60_000);
  afterAll(() => server.stop());

  async function makeStream(name: string, limits: { max_msg_size?: number } = {}): Promise<void> {
    const making = await server.connect();
    const manager = await making.jetstreamManager();
    await manager.streams.add({ name, subjects: [`gate.${name}`], ...limits });
    await making.close();
  }

  /** What a stream has, as a client of its own reads it. */
  async function inStream(name: string): Promise<Stored[]> {
    const connection = await server.connect();
    try {
      const { streams } = await connection.jetstreamManager();
      const { messages } = (await streams.info(name)).state;
      const found: Stored[] = [];
      for (let seq = 1; seq <= messages; seq++) {
        const message = await streams.getMessage(name, { seq });
        const { id, customer } = message.json<{ id: string; customer: string }>();
        expect(message.header.get('Nats-Msg-Id')).toBe(id);
        found.push({ subject: message.subject, id, customer });
      }
      return found;
    } finally {
      await connection.close();
    }
  }

  const valuesFor = (name: string, more: object = {}) => ({
    servers: server.address,
    subject: `gate.${name}`,
    username: 'gate',
    password: PASSWORD,
    ...more,
  });
  const told = (name: string, records: readonly { id: string; customer: string }[]): Stored[] =>
    records.map(({ id, customer }) => ({ subject: `gate.${name}`, id, customer }));

  function run(values: Record<string, unknown>) {
    const sinks = runSinks([sinkSettings('nats', values)], null);
    onTestFinished(async () => {
      await sinks.close();
      expect(JSON.stringify([sinks.lines, sinks.sinks.states()])).not.toContain(PASSWORD);
    });
    return { sinks, state: () => sinks.sinks.states()[0] };
  }

  it('says that it refuses a subject after it was published to: records wait until it does not', async () => {
    await makeStream('denied');
    const { sinks, state } = run(valuesFor('denied', { username: 'narrow' }));
    const records = [settled(), settled()];
    await sinks.settle(records);
    await expect
      .poll(() => state()?.failing, SLOW)
      .toMatch(/refused .*"gate\.denied": PERMISSIONS_VIOLATION/);
    expect(state()?.counts).toMatchObject({ sent: 0, refused: 0 });
    expect(await inStream('denied')).toEqual([]);
    const open = run(valuesFor('denied'));
    await open.sinks.settle(records);
    await expect.poll(open.state, SLOW).toMatchObject({ failing: null, counts: { sent: 2 } });
    expect(await inStream('denied')).toEqual(told('denied', records));
  });

  it.each([[false], [true]])(
    'takes no message that is too large, which is counted; the others are there (jetstream: %s)',
    async (jetstream) => {
      const name = `large-${jetstream}`;
      await makeStream(name, jetstream ? { max_msg_size: 8 * 1024 } : {});
      const { sinks, state } = run(valuesFor(name, { jetstream }));
      const errorMessage = 'x'.repeat(jetstream ? 10_000 : 70_000);
      const records = [settled(), settled({ errorMessage }), settled()];
      await sinks.settle(records);
      await expect.poll(state, SLOW).toMatchObject({ counts: { sent: 2, refused: 1 }, backlogBytes: 0 });
      expect(state()?.failing).toContain('as large as 1 of them');
      expect(await inStream(name)).toEqual(told(name, [records[0], records[2]] as typeof records));
    },
  );

  it('is asked for a stream that keeps records, and they wait as long as there is none', async () => {
    const { sinks, state } = run(valuesFor('kept', { jetstream: true }));
    const records = [settled(), settled(), settled()];
    await sinks.settle(records);
    await expect.poll(() => state()?.failing, SLOW).toContain('no stream');
    await makeStream('kept');
    await expect.poll(state, SLOW).toMatchObject({ failing: null, counts: { sent: 3, refused: 0 } });
    expect(await inStream('kept')).toEqual(told('kept', records));
  });

  it('that crashes has every record once, also those of while it was away', async () => {
    await makeStream('requests');
    const { sinks, state } = run(valuesFor('requests'));
    const before = [settled(), settled()];
    await sinks.settle(before);
    await expect.poll(() => inStream('requests'), SLOW).toEqual(told('requests', before));

    await server.crash();
    const away = [settled(), settled()];
    await sinks.settle(away);
    await expect.poll(() => state()?.failing, SLOW).not.toBeNull();
    await server.start();
    await expect.poll(state, SLOW).toMatchObject({ failing: null, counts: { sent: 4 } });
    expect(await inStream('requests')).toEqual(told('requests', [...before, ...away]));
  });

  // As behind a network that drops everything: its client waits for minutes.
  it('that does nothing any more is asked again over another connection, and has each record once', async () => {
    await makeStream('hung');
    await makeStream('hung-kept');
    const both = [run(valuesFor('hung')), run(valuesFor('hung-kept', { jetstream: true }))] as const;
    const records = [settled(), settled(), settled()];
    for (const { sinks } of both) await sinks.settle(records.slice(0, 1));
    for (const { state } of both) await expect.poll(() => state()?.counts.sent, SLOW).toBe(1);
    server.hang();
    for (const { sinks } of both) await sinks.settle(records.slice(1));
    for (const { state } of both) await expect.poll(() => state()?.failing, SLOW).toBe('it does not answer');
    server.wake();
    for (const { state } of both)
      await expect.poll(state, SLOW).toMatchObject({ failing: null, counts: { sent: 3, refused: 0 } });
    expect(await inStream('hung')).toEqual(told('hung', records));
    expect(await inStream('hung-kept')).toEqual(told('hung-kept', records));
  });

  // Its client gives up for good after ten tries, two seconds apart. Here are three times as many tries, without the pauses.
  it('that is away for however many tries has the records of the next one', async () => {
    await makeStream('long');
    const { values } = sinkSettings('nats', valuesFor('long'));
    const sink: OpenSink = await nats.open(sinkValues(nats, values), {} as SinkHost);
    onTestFinished(() => sink.close?.());
    await server.crash();
    const details = [detailOf(settled())];
    for (let i = 0; i < 30; i++) await expect(sink.send(details)).rejects.toThrow();
    await server.start();
    expect(await sink.send(details)).toEqual({ kind: 'taken' });
    expect(await inStream('long')).toEqual(
      told(
        'long',
        details.map(({ record }) => record),
      ),
    );
  });
});
