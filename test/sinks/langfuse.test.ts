import { expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { embed, json } from '../gateway/embedded.js';
import { startVendor } from './vendor-server.js';

const time = z.iso.datetime();
const text = z.string().nullish();
const body = {
  id: z.string(),
  environment: z.string().regex(/^(?!langfuse)[a-z0-9-_]{1,40}$/),
  metadata: z.unknown(),
};
const observation = {
  ...body,
  traceId: z.string(),
  parentObservationId: text,
  name: text,
  startTime: time,
  endTime: time,
  level: z.enum(['DEBUG', 'DEFAULT', 'WARNING', 'ERROR']),
  statusMessage: text,
};
const event = <T extends string>(type: T, inside: z.ZodType) =>
  z.strictObject({ id: z.string().min(1), type: z.literal(type), timestamp: time, body: inside });

/** Of https://cloud.langfuse.com/generated/api/openapi.yml: `IngestionRequest`, as far as it is used. */
const ingestion = z.strictObject({
  batch: z.array(
    z.discriminatedUnion('type', [
      event(
        'trace-create',
        z.strictObject({
          ...body,
          timestamp: time,
          name: text,
          userId: text,
          sessionId: text,
          tags: z.array(z.string()),
          input: z.unknown().optional(),
          output: z.unknown().optional(),
        }),
      ),
      event('span-create', z.strictObject(observation)),
      event(
        'generation-create',
        z.strictObject({
          ...observation,
          input: z.unknown().optional(),
          output: z.unknown().optional(),
          model: text,
          modelParameters: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
          completionStartTime: time.nullish(),
          usageDetails: z.record(z.string(), z.int().nonnegative()),
          costDetails: z.record(z.string(), z.number()),
        }),
      ),
    ]),
  ),
  metadata: z.unknown(),
});

it('a support team sees in Langfuse what was said for whom, what it used and what it cost', async () => {
  const langfuse = await startVendor();
  onTestFinished(() => langfuse.close());
  langfuse.answer = () => ({ status: 207, body: '{"successes":[],"errors":[]}' });
  const gateway = await embed({
    config: {
      prices: { 'mock/hello': { input_per_million_usd: 200, output_per_million_usd: 800 } },
      models: { support: { targets: ['mock/hello'] } },
      observability: {
        metadata: ['ticket', 'channel', 'key'],
        sinks: [
          {
            use: 'langfuse',
            host: langfuse.url,
            public_key: 'pk-lf-1',
            secret_key: 'sk-lf-1',
            batch: { wait: '10ms' },
          },
        ],
      },
    },
  });
  onTestFinished(async () => void (await gateway.close()));
  const headers = {
    'content-type': 'application/json',
    'x-headgate-metadata':
      'customer=acme,session=ticket-7,tags=support,channel=mail,ticket=T-4711,key=A,left=out',
  };
  const messages = [{ role: 'user', content: 'Where is my parcel?' }];
  const answer = await gateway.fetch(
    '/v1/chat/completions',
    json({ model: 'support', messages }, { headers }),
  );
  const { usage } = (await answer.json()) as { usage: { prompt_tokens: number; completion_tokens: number } };
  const cost = Number(answer.headers.get('x-headgate-cost-usd'));
  expect(cost).toBeGreaterThan(0);
  await expect.poll(() => langfuse.received.length).toBeGreaterThan(0);
  const [told] = langfuse.received;
  const { batch } = ingestion.parse(JSON.parse(told?.body.toString('utf8') ?? ''));
  const [trace, generation] = batch.map((one) => one.body as Record<string, unknown>);
  expect(batch.map(({ type }) => type)).toEqual(['trace-create', 'generation-create']);
  // What the team says of a request is found by its own names, beside ours.
  const said = { customer: 'acme', channel: 'mail', ticket: 'T-4711', 'metadata.key': 'A' };
  expect(trace).toMatchObject({ userId: 'acme', sessionId: 'ticket-7', name: 'support', metadata: said });
  expect(trace?.['metadata']).not.toHaveProperty('left');
  expect(generation).toMatchObject({
    traceId: trace?.['id'],
    model: 'hello',
    level: 'DEFAULT',
    usageDetails: {
      input: usage.prompt_tokens,
      output: usage.completion_tokens,
      total: usage.prompt_tokens + usage.completion_tokens,
    },
    costDetails: { total: cost },
    metadata: { request_id: answer.headers.get('x-headgate-request-id'), ...said },
  });
  // Contents are not told.
  expect(told?.body.includes('parcel')).toBe(false);
});
