import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { startMockServer } from '../../plugins/providers/mock/server.js';

const post = (port: number, body: object) =>
  fetch(`http://127.0.0.1:${port}/v1/chat/completions`, { method: 'POST', body: JSON.stringify(body) });
const messages = [{ role: 'user', content: 'Hi' }];

describe('the mock server', () => {
  it('says which port it took, and rejects when a port is taken', async () => {
    const server = await startMockServer({ port: 0 });
    expect(server.port).toBeGreaterThan(0);
    await expect(startMockServer({ port: server.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await server.close();
    await expect(post(server.port, {})).rejects.toThrow();
  });

  it('closes while answers are stalled', async () => {
    const server = await startMockServer({ port: 0 });
    const answer = await post(server.port, { model: 'stall', stream: true, messages });
    const read = answer.text();
    read.catch(() => {});
    await server.close();
    await expect(read).rejects.toThrow();
  });

  it('waits for a slow reader and loses nothing', async () => {
    const server = await startMockServer({ port: 0 });
    const text = await new Promise<string>((done, failed) => {
      const call = request({
        port: server.port,
        host: '127.0.0.1',
        path: '/v1/chat/completions',
        method: 'POST',
      });
      call.on('error', failed);
      call.on('response', async (answer) => {
        await sleep(100);
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => done(Buffer.concat(chunks).toString()));
      });
      call.end(JSON.stringify({ model: 'long-5000', stream: true, messages }));
    });
    expect(text.match(/"content":" ?word"/g)).toHaveLength(5000);
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
    await server.close();
  });

  it('answers unknown paths and methods in an API’s error shape', async () => {
    const server = await startMockServer({ port: 0 });
    const unknown = await fetch(`http://127.0.0.1:${server.port}/v1/nothing`);
    expect(unknown.status).toBe(404);
    expect(await unknown.json()).toMatchObject({ error: { type: 'invalid_request_error' } });
    const wrong = await fetch(`http://127.0.0.1:${server.port}/v1/messages`);
    expect(wrong.status).toBe(405);
    expect(await wrong.json()).toMatchObject({ type: 'error' });
    await server.close();
  });
});
