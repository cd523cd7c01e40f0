import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type App, closeListener, createApp, type ListenSocket, localPort } from '../../core/http/uws.js';
import { UwsSink } from '../../core/http/uws-sink.js';
import { recordingResponse } from './recording-response.js';

let app: App;
let listener: ListenSocket;
let port = 0;
let answer: (sink: UwsSink) => void = () => {};
let client: Socket;

beforeEach(async () => {
  app = createApp(null);
  app.any('/*', (res) => {
    const sink = new UwsSink(res);
    res.onAborted(() => {
      sink.gone = true;
    });
    answer(sink);
  });
  listener = await new Promise((resolve) => app.listen('127.0.0.1', 0, resolve));
  port = localPort(listener);
});

afterEach(() => {
  client.destroy();
  closeListener(listener);
  app.close();
});

/** Sends one request, reads nothing for a while, and then everything. */
async function readLate(last: string): Promise<string> {
  client = connect(port, '127.0.0.1');
  client.pause();
  client.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  await sleep(200);
  const parts: Buffer[] = [];
  return new Promise((resolve, reject) => {
    client.on('data', (part: Buffer) => {
      parts.push(part);
      if (part.subarray(-20).toString('latin1').endsWith(last))
        resolve(Buffer.concat(parts).toString('latin1'));
    });
    client.on('close', () => reject(new Error('closed before the end')));
    client.resume();
  });
}

/** What chunks hold; throws where a length is not what follows. */
function unchunked(text: string): string {
  let rest = text.slice(text.indexOf('\r\n\r\n') + 4);
  let body = '';
  for (;;) {
    const line = /^([0-9a-fA-F]+)\r\n/.exec(rest);
    if (line === null) throw new Error(`no chunk begins with ${JSON.stringify(rest.slice(0, 40))}`);
    const length = Number.parseInt(line[1] as string, 16);
    const end = line[0].length + length;
    if (rest.slice(end, end + 2) !== '\r\n') throw new Error(`a chunk of ${length} bytes does not end there`);
    if (length === 0) return body;
    body += rest.slice(line[0].length, end);
    rest = rest.slice(end + 2);
  }
}

/** Reads all of it in fits and starts, until this is the end. */
function readInFits(last: string): Promise<string> {
  client = connect(port, '127.0.0.1');
  client.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  const parts: Buffer[] = [];
  return new Promise((resolve, reject) => {
    client.on('data', (part: Buffer) => {
      parts.push(part);
      if (part.subarray(-20).toString('latin1').endsWith(last))
        resolve(Buffer.concat(parts).toString('latin1'));
      if (parts.length % 20 === 0) {
        client.pause();
        setTimeout(() => client.resume(), 3);
      }
    });
    client.on('close', () => reject(new Error('closed before the end')));
  });
}

describe('what is written to a client that reads slowly', () => {
  // Regression: a stream to a slow client lost a chunk now and then: its length was there, its bytes were not. Inside a cork,
  // uWebSockets.js drops what does not fit into the cork's buffer when the buffer itself cannot be sent at once.
  it.each([
    ['of 20 kB', 20_000, 500],
    ['of 1 MB', 1_000_000, 20],
    ['of text outside ASCII', 9_000, 1000],
  ])('is all there in the end, in pieces %s', async (name, size, count) => {
    const fill = name.includes('outside') ? 'é' : '.';
    const pieces = Array.from({ length: count }, (_, i) => `${i}:`.padEnd(size, fill));
    answer = async (sink) => {
      sink.start(200, ['content-type', 'text/plain']);
      for (const piece of pieces) {
        sink.write(name.includes('text') ? piece : Buffer.from(piece));
        sink.flush();
        // So that some of it is sent meanwhile.
        if (Math.random() < 0.1) await sleep(1);
      }
      sink.end();
    };
    const text = Buffer.from(unchunked(await readLate('0\r\n\r\n')), 'latin1').toString('utf8');
    expect(text === pieces.join('')).toBe(true);
  });

  it('is all there when it is written as there is room', async () => {
    const pieces = Array.from({ length: 4000 }, (_, i) => Buffer.from(`${i}:`.padEnd(20_340, '.')));
    answer = (sink) => {
      let next = 0;
      const more = (): void => {
        while (next < pieces.length) {
          const room = sink.write(pieces[next++] as Buffer);
          sink.flush();
          if (!room || sink.full) return;
        }
        sink.end();
      };
      sink.onDrain = more;
      sink.start(200, ['content-type', 'text/plain']);
      more();
    };
    const text = unchunked(await readInFits('0\r\n\r\n'));
    expect(text === pieces.join('')).toBe(true);
  });

  it('is all there when a whole answer follows another one that is still in the way', async () => {
    const bodies = ['a'.repeat(8_000_000), 'b'.repeat(100_000), `${'c'.repeat(20_000)}<end>`];
    let served = 0;
    answer = (sink) => sink.send(200, ['content-type', 'text/plain'], bodies[served++] as string);
    client = connect(port, '127.0.0.1');
    client.pause();
    const parts: Buffer[] = [];
    for (const _ of bodies) {
      client.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
      await sleep(50);
    }
    await new Promise<void>((resolve) => {
      client.on('data', (part: Buffer) => {
        parts.push(part);
        if (part.subarray(-5).toString('latin1') === '<end>') resolve();
      });
      client.resume();
    });
    const text = Buffer.concat(parts).toString('latin1');
    const found = text.split(/HTTP\/1\.1 200[\s\S]*?\r\n\r\n/).slice(1);
    expect(found.map((body) => body.length)).toEqual(bodies.map((body) => body.length));
  });
});

describe('one cork', () => {
  const KB = 1024;
  const head: [number, string[]] = [200, ['x-a', 'a'.repeat(7 * KB)]];
  // Regression: see above; with a real socket it takes minutes of bad luck.
  it.each([
    ['bytes', [Buffer.alloc(100 * KB, 'a')]],
    ['bytes just too many', [Buffer.alloc(8_001, 'a')]],
    ['text', ['é'.repeat(20 * KB)]],
    ['many small parts', Array.from({ length: 400 }, (_, i) => `${i};`.padEnd(300, '.'))],
    ['text and bytes', ['a'.repeat(10 * KB), Buffer.alloc(10 * KB, 'b')]],
  ])('never gets more than its buffer holds, of %s', (_, parts) => {
    const { response, corks, written } = recordingResponse();
    const sink = new UwsSink(response);
    sink.start(...head);
    for (const part of parts) sink.write(part);
    sink.flush();
    for (const part of parts) sink.write(part);
    sink.end();
    sink.flush();
    const said = parts.map(String).join('');
    expect(written()).toBe(said + said);
    expect(Math.max(...corks)).toBeLessThan(16 * KB);
  });
});
