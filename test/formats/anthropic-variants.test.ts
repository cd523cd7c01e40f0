import { expect, it } from 'vitest';
import { anthropicMessages } from '../../plugins/formats/anthropic-messages/index.js';

const meter = anthropicMessages.meter as NonNullable<typeof anthropicMessages.meter>;
const usage = { input_tokens: 10, output_tokens: 5, service_tier: 'standard' };

it.each([
  [{ ...usage, speed: 'fast' }, 'fast'],
  [{ ...usage, inference_geo: 'us' }, 'us'],
  [{ ...usage, speed: 'fast', inference_geo: 'us' }, 'fast/us'],
  [{ ...usage, speed: 'standard', inference_geo: 'global' }, undefined],
  [{ ...usage, inference_geo: 'not_available' }, undefined],
  [usage, undefined],
])('an answer says by which of the prices it is billed: %j', (told, variant) => {
  const body = Buffer.from(JSON.stringify({ type: 'message', content: [], usage: told }));
  expect(meter.body(body)?.units?.variant).toBe(variant);
  const stream = meter.stream({ strip: false });
  const start = { type: 'message_start', message: { usage: told } };
  stream.push(Buffer.from(`event: message_start\ndata: ${JSON.stringify(start)}\n\n`));
  const delta = { type: 'message_delta', delta: {}, usage: { output_tokens: 7 } };
  stream.push(Buffer.from(`event: message_delta\ndata: ${JSON.stringify(delta)}\n\n`));
  expect(stream.usage()?.units?.variant).toBe(variant);
});

it.each([
  ['{"speed":"fast","inference_geo":"us"}', 'fast/us'],
  ['{"speed":"standard"}', undefined],
  ['{"inference_geo":"us"}', 'us'],
  ['{}', undefined],
])('a request says by which it wants to be billed: %s', (body, variant) => {
  const parsed = JSON.parse(body) as Record<string, string>;
  const json = (name: string): string | undefined =>
    parsed[name] === undefined ? undefined : JSON.stringify(parsed[name]);
  expect(anthropicMessages.priceVariant?.({ json })).toBe(variant);
});
