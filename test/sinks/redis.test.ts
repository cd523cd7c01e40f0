import { expect, it, onTestFinished } from 'vitest';
import { noRedis, startRedis } from '../state/real-redis.js';
import { settled } from '../store/records.js';
import { runSinks, sinkSettings } from './running-sinks.js';

it.skipIf(noRedis !== null)(
  'a stream of a real Redis has every record, also those of while it was away',
  async () => {
    const server = await startRedis({ password: 'planted-9a8b7c6d' });
    onTestFinished(() => server.stop());
    const url = `redis://:planted-9a8b7c6d@127.0.0.1:${server.port}`;
    const sinks = runSinks([sinkSettings('redis', { url, stream: 'requests' })], null);
    onTestFinished(() => sinks.close());
    const idsIn = (): string[] =>
      [...server.cli('XRANGE', 'requests', '-', '+').matchAll(/^id\n(req_\S+)$/gm)].map(([, id = '']) => id);
    const before = [settled(), settled()];
    await sinks.settle(before);
    await expect.poll(idsIn).toEqual(before.map(({ id }) => id));
    await server.crash();
    const away = [settled(), settled()];
    await sinks.settle(away);
    await expect.poll(() => sinks.sinks.states()[0]?.failing).not.toBeNull();
    await server.start();
    await expect.poll(idsIn).toEqual(away.map(({ id }) => id));
    expect(server.cli('XRANGE', 'requests', '-', '+')).toContain('"customer":"acme"');
    expect(JSON.stringify([sinks.lines, sinks.sinks.states()])).not.toContain('planted-9a8b7c6d');
  },
);
