import { setTimeout as sleep } from 'node:timers/promises';
import type { HeaderList, UpstreamSink } from '@headgate/sdk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MockTransport } from '../../plugins/providers/mock/transport.js';

/** A sink that checks the order of calls and keeps what it hears. */
class Listener implements UpstreamSink {
  status = 0;
  headers: HeaderList = [];
  chunks: string[] = [];
  outcome: 'open' | 'ended' | 'failed' = 'open';
  readonly finished: Promise<void>;
  #finish: () => void = () => {};

  constructor(private readonly room = Number.POSITIVE_INFINITY) {
    this.finished = new Promise((done) => {
      this.#finish = done;
    });
  }
  head(status: number, headers: HeaderList): void {
    expect([this.status, this.outcome]).toEqual([0, 'open']);
    this.status = status;
    this.headers = headers;
  }
  data(chunk: Buffer): boolean {
    expect(this.status).toBeGreaterThan(0);
    expect(this.outcome).toBe('open');
    this.chunks.push(chunk.toString('utf8'));
    return this.chunks.length < this.room;
  }
  end(): void {
    this.#close('ended');
  }
  error(): void {
    this.#close('failed');
  }
  #close(outcome: 'ended' | 'failed'): void {
    expect(this.outcome).toBe('open');
    this.outcome = outcome;
    this.#finish();
  }
  get text(): string {
    return this.chunks.join('');
  }
}

const request = (model: string, more: object = {}, path = '/v1/chat/completions') => ({
  method: 'POST',
  path,
  headers: ['content-type', 'application/json'],
  body: Buffer.from(JSON.stringify({ model, messages: [{ role: 'user', content: 'Hi' }], ...more })),
});

describe('the mock as a transport', () => {
  it('says nothing before dispatch has returned', async () => {
    const sink = new Listener();
    new MockTransport().dispatch(request('hello'), sink);
    expect(sink.status).toBe(0);
    await sink.finished;
    expect(sink.status).toBe(200);
  });

  it('sends each event of a stream as a chunk of its own', async () => {
    const sink = new Listener();
    new MockTransport().dispatch(request('hello', { stream: true }), sink);
    await sink.finished;
    expect(sink.chunks.every((chunk) => /^data: .*\n\n$/.test(chunk))).toBe(true);
    expect(sink.chunks.at(-1)).toBe('data: [DONE]\n\n');
  });

  it('names the event of every Anthropic chunk', async () => {
    const sink = new Listener();
    new MockTransport().dispatch(
      request('hello', { stream: true, max_tokens: 50 }, '/v1/messages?beta=true'),
      sink,
    );
    await sink.finished;
    for (const chunk of sink.chunks) {
      const [, name, data] = /^event: (\w+)\ndata: (.*)\n\n$/.exec(chunk) ?? [];
      expect(JSON.parse(data as string)).toMatchObject({ type: name });
    }
    expect(sink.headers).toContain('request-id');
  });

  it('sends nothing more once the sink is full, until it is resumed', async () => {
    const sink = new Listener(3);
    const call = new MockTransport().dispatch(request('long-50', { stream: true }), sink);
    await sleep(30);
    expect(sink.chunks).toHaveLength(3);
    call.resume();
    await sleep(30);
    expect(sink.chunks).toHaveLength(4);
    call.abort();
  });

  it('loses and repeats nothing under any pattern of pauses', async () => {
    const plain = new Listener();
    new MockTransport().dispatch(request('long-40', { stream: true }), plain);
    await plain.finished;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { minLength: 1, maxLength: 20 }), async (pattern) => {
        const sink = new Listener();
        let calls = 0;
        const take = sink.data.bind(sink);
        sink.data = (chunk) => take(chunk) && pattern[calls++ % pattern.length] === true;
        const call = new MockTransport().dispatch(request('long-40', { stream: true }), sink);
        while (sink.outcome === 'open') {
          await new Promise(setImmediate);
          call.resume();
          call.resume();
        }
        const scrub = (text: string) => text.replaceAll(/"(id|created)":("[^"]*"|\d+)/g, '');
        expect(scrub(sink.text)).toBe(scrub(plain.text));
      }),
      { numRuns: 20 },
    );
  });

  it.each(['slow-5000', 'stall-1', 'pace-5000', 'long-100000'])(
    'says nothing after an abort of %s and keeps no call',
    async (model) => {
      const transport = new MockTransport();
      const sink = new Listener();
      const call = transport.dispatch(request(model, { stream: true }), sink);
      await sleep(20);
      call.abort();
      const heard = sink.chunks.length;
      expect(transport.running).toBe(0);
      await sleep(20);
      expect(sink.chunks).toHaveLength(heard);
      expect(sink.outcome).toBe('open');
    },
  );

  it('may be aborted from inside the sink', async () => {
    const transport = new MockTransport();
    const sink = new Listener();
    const take = sink.data.bind(sink);
    sink.data = (chunk) => {
      call.abort();
      return take(chunk);
    };
    const call = transport.dispatch(request('hello', { stream: true }), sink);
    await sleep(20);
    expect(sink.chunks).toHaveLength(1);
    expect(transport.running).toBe(0);
  });

  it('waits with the head when slow, and stays open when stalled', async () => {
    const slow = new Listener();
    const transport = new MockTransport();
    transport.dispatch(request('slow-60'), slow);
    await sleep(20);
    expect(slow.status).toBe(0);
    await slow.finished;
    expect(slow.outcome).toBe('ended');

    const stalled = new Listener();
    transport.dispatch(request('stall-2', { stream: true }), stalled);
    await sleep(40);
    expect([stalled.chunks.length, stalled.outcome]).toEqual([2, 'open']);
    expect(transport.running).toBe(1);
    await transport.close();
    expect(transport.running).toBe(0);
  });

  it('dies in the middle of an event when cut', async () => {
    const sink = new Listener();
    new MockTransport().dispatch(request('cut-2', { stream: true }), sink);
    await sink.finished;
    expect(sink.outcome).toBe('failed');
    expect(sink.text.endsWith('\n\n')).toBe(false);
  });

  it('answers any body at all in the API’s error shape instead of throwing', async () => {
    const paths = [
      '/v1/chat/completions',
      '/v1/completions',
      '/v1/embeddings',
      '/v1/messages',
      '/v1/messages/count_tokens',
    ];
    const noise = fc.oneof(fc.string(), fc.json());
    const near = fc
      .record({
        model: fc.constant('hello'),
        max_tokens: fc.jsonValue(),
        messages: fc.jsonValue(),
        input: fc.jsonValue(),
      })
      .map((body) => JSON.stringify(body));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths), fc.oneof(noise, near), async (path, body) => {
        const sink = new Listener();
        new MockTransport().dispatch({ method: 'POST', path, headers: [], body: Buffer.from(body) }, sink);
        await sink.finished;
        expect(sink.outcome).toBe('ended');
        const answer = JSON.parse(sink.text) as { error?: { message: string } };
        expect(sink.status === 200 || typeof answer.error?.message === 'string').toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('refuses what is nested deeper than it could write', async () => {
    // The depth at which writing overflows the stack differs between machines: this is far beyond it.
    const deep = '['.repeat(200_000) + ']'.repeat(200_000);
    const tools = `[{"type":"function","function":{"name":"f","parameters":{"x":${deep}}}}]`;
    for (const body of [`{"model":"m","tools":${tools},"messages":[{"role":"user","content":"x"}]}`, deep]) {
      const sink = new Listener();
      const headers: string[] = [];
      new MockTransport().dispatch(
        { method: 'POST', path: '/chat/completions', headers, body: Buffer.from(body) },
        sink,
      );
      await sink.finished;
      expect(sink.status).toBe(400);
    }
  });

  it('gives two requests two ids, and two runs the same ones', async () => {
    const idsOf = async () => {
      const transport = new MockTransport();
      const ids: string[] = [];
      for (let i = 0; i < 2; i++) {
        const sink = new Listener();
        transport.dispatch(request('hello'), sink);
        await sink.finished;
        ids.push((JSON.parse(sink.text) as { id: string }).id);
      }
      return ids;
    };
    const first = await idsOf();
    expect(first[0]).not.toBe(first[1]);
    expect(await idsOf()).toEqual(first);
  });
});
