import { type BaseView, definePlugin, type Host, reply, type SettledRecord } from '@headgate/sdk';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Client, connect } from './client.js';
import { openaiSession, USAGE } from './fake-openai.js';
import { type FakeRealtime, startFakeRealtime } from './fake-realtime.js';
import { startThread, type Thread } from './thread.js';

const MINUTE = 60_000;

/** What a plugin is told of the answers of a session. */
class Witness {
  readonly asked: string[] = [];
  /** The most that each may cost. */
  readonly bounds: number[] = [];
  readonly settled: { id: string; record: SettledRecord }[] = [];
  refuseFrom = Number.POSITIVE_INFINITY;
  slow = false;

  plugin() {
    return definePlugin({
      name: 'witness',
      version: '1.0.0',
      setup: (host: Host) => {
        const slot = host.slot(() => ({ number: 0 }));
        const admit = (view: BaseView & { maxCostNano(): number | null }) => {
          this.asked.push(view.requestId);
          this.bounds.push(view.maxCostNano() ?? 0);
          view.state(slot).number = this.asked.length;
          if (this.asked.length < this.refuseFrom) return undefined;
          return reply.error('budget', 'spent', 'Nothing is left');
        };
        return {
          request: (view) => (this.slow ? Promise.resolve().then(() => admit(view)) : admit(view)),
          settled: (record, view) => {
            // What the gate put in its slot is there when the answer it let through is settled.
            expect(view.state(slot).number).toBe(this.asked.indexOf(view.requestId) + 1);
            this.settled.push({ id: view.requestId, record });
          },
        };
      },
    });
  }
}

describe.each([
  ['that answer at once', false],
  ['that think', true],
])('gates %s', (_, slow) => {
  let fake: FakeRealtime;
  let thread: Thread;
  let witness: Witness;
  let client: Client;

  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 1, 12, 0, 1) });
    witness = new Witness();
    witness.slow = slow;
    fake = await startFakeRealtime(openaiSession());
    const providers = { openai: { base_url: `${fake.url}/v1`, keys: [{ value: 'sk-provider-0123456789' }] } };
    thread = await startThread({ providers }, { plugins: [witness.plugin()] });
    client = await connect(thread, '/v1/realtime?model=gpt-realtime');
    await client.event('session.created');
  });
  afterEach(async () => {
    vi.useRealTimers();
    client.socket.terminate();
    await thread.close();
    await fake.close();
  });

  async function answer(): Promise<void> {
    client.send({ type: 'response.create' });
    await client.event('response.done');
  }

  it('run before each answer, which is settled once with what it used', async () => {
    await answer();
    await answer();
    await expect.poll(() => witness.asked.length).toBe(3);
    client.socket.close(1000);
    await expect.poll(() => witness.settled.length).toBe(3);
    expect(witness.settled.map(({ id }) => id)).toEqual(witness.asked);
    const used = witness.settled.map(({ record }) => record.usage?.inputTokens ?? 0);
    expect(used).toEqual([132, 132, 0]);
    await expect.poll(() => thread.records.length).toBe(1);
    const [session] = thread.records;
    const costs = witness.settled.map(({ record }) => record.costNano ?? 0);
    expect(session).toMatchObject({ operation: 'realtime', outcome: 'ok' });
    expect(session?.usage?.inputTokens).toBe(264);
    expect(session?.costNano).toBe(costs.reduce((a, b) => a + b));
  });

  it('hear that an answer costs what the dearest before it did at least, since it reads all that that one read', async () => {
    client.socket.close(1000);
    const dear = { ...USAGE, input_tokens: 90_000, total_tokens: 90_121 };
    const details = { text_tokens: 0, audio_tokens: 90_000, image_tokens: 0, cached_tokens: 0 };
    const other = await startFakeRealtime(openaiSession({ ...dear, input_token_details: details }));
    const providers = {
      openai: { base_url: `${other.url}/v1`, keys: [{ value: 'sk-provider-0123456789' }] },
    };
    const mine = await startThread({ providers }, { plugins: [witness.plugin()] });
    const talker = await connect(mine, '/v1/realtime?model=gpt-realtime');
    await talker.event('session.created');
    const [, first = 0] = witness.bounds;
    talker.send({ type: 'response.create' });
    await talker.event('response.done');
    await expect.poll(() => witness.bounds.length).toBe(3);
    const cost = witness.settled.at(-1)?.record.costNano ?? 0;
    expect(cost).toBeGreaterThan(first);
    expect(witness.bounds.at(-1)).toBeGreaterThanOrEqual(cost);
    talker.socket.terminate();
    await mine.close();
    await other.close();
  });

  it('run again when an answer has used more than was reserved for it, and may end the session then', async () => {
    const transcription = { model: 'gpt-4o-transcribe' };
    client.send({ type: 'session.update', session: { audio: { input: { transcription } } } });
    await client.event('session.updated');
    const most = witness.bounds[0] ?? 0;
    const heard = (tokens: number) => ({
      type: 'tokens',
      total_tokens: tokens,
      input_tokens: tokens,
      output_tokens: 0,
      input_token_details: { text_tokens: 0, audio_tokens: tokens },
    });
    client.send({ type: 'input_audio_buffer.commit', usage: heard(10) });
    await client.event('conversation.item.input_audio_transcription.completed');
    expect(witness.asked).toHaveLength(1);
    witness.refuseFrom = 2;
    client.send({ type: 'input_audio_buffer.commit', usage: heard(2_000_000) });
    expect(await client.event('error')).toMatchObject({ error: { message: 'Nothing is left' } });
    await expect.poll(() => witness.settled.length).toBe(2);
    expect(witness.settled[0]?.record.costNano).toBeGreaterThan(most);
  });

  it('that refuse end the session, and what they held is given back', async () => {
    witness.refuseFrom = 2;
    await answer();
    const { error } = (await client.event('error')) as { error: Record<string, unknown> };
    expect(error).toMatchObject({ code: 'spent', message: 'Nothing is left' });
    expect(await client.closed).toEqual({ code: 1008, reason: 'Nothing is left' });
    expect(witness.settled.map(({ id }) => id)).toEqual(witness.asked);
    expect(witness.settled[1]?.record).toMatchObject({ usage: null, costNano: null, error: 'spent' });
    expect(thread.records[0]).toMatchObject({ error: 'spent', outcome: 'error' });
    expect(thread.io.inFlight).toBe(0);
  });

  it('that let an answer through in a minute that is over are asked again for it', async () => {
    vi.setSystemTime(Date.now() + 3 * MINUTE);
    await answer();
    await expect.poll(() => witness.asked.length).toBe(3);
    client.socket.close(1000);
    await expect.poll(() => witness.settled.length).toBe(3);
    const used = new Map(witness.settled.map(({ id, record }) => [id, record.usage?.inputTokens ?? 0]));
    const [early, late, next] = witness.asked.map((id) => used.get(id));
    // Gates that must be waited for are asked too late for it: then it counts where it was let through.
    expect([early, late, next]).toEqual(slow ? [132, 0, 0] : [0, 132, 0]);
  });

  it('are told that an answer broke off', async () => {
    const connection = await fake.connection();
    connection.send({ type: 'response.created', response: {} });
    await client.event('response.created');
    client.socket.close(1000);
    await expect.poll(() => witness.settled.length).toBe(1);
    const [record] = witness.settled.map((one) => one.record);
    expect(record?.attempts.at(-1)?.status).toBe(200);
    expect(record?.usage).toBeNull();
  });
});
