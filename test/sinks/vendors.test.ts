import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { sinkRows } from '../../plugins/sinks/index.js';
import { settled } from '../store/records.js';
import { tempDir } from '../store/temp-dir.js';
import { runSinks, sinkSettings } from './running-sinks.js';
import { readTraces } from './trace-proto.js';
import { startVendor } from './vendor-server.js';
import { SECRET, VENDORS } from './vendors.js';

const METADATA = { feature: 'checkout-7', team: 'red' };
const three = () => [settled(), settled({ metadata: METADATA }), settled()];
/** Attributes by which those who take traces show metadata, beside those that all have. */
const ATTRIBUTES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'langfuse-otel': { 'langfuse.trace.metadata.feature': 'checkout-7' },
  langsmith: { 'langsmith.metadata.feature': 'checkout-7' },
  arize: { metadata: JSON.stringify(METADATA) },
  phoenix: { metadata: JSON.stringify(METADATA) },
  galileo: { metadata: JSON.stringify(METADATA) },
  braintrust: { 'braintrust.metadata': JSON.stringify(METADATA) },
  traceloop: { 'traceloop.association.properties.feature': 'checkout-7' },
  laminar: { 'lmnr.association.properties.metadata.feature': 'checkout-7' },
};
/** What the bodies of the others have; of messages, objects and lines it is the field of the record. */
const TEXTS: Readonly<Record<string, RegExp>> = {
  langfuse: /"feature":"checkout-7","metadata\.team":"red"/,
  posthog: /"feature":"checkout-7","metadata\.team":"red"/,
  'azure-monitor': /"feature":"checkout-7","metadata\.team":"red"/,
  datadog: /"metadata":\{"model_name":[^{}]*"feature":"checkout-7","team":"red"\}/,
  helicone: /"Helicone-Property-feature":"checkout-7","Helicone-Property-metadata\.team":"red"/,
  // Counts alone.
  'datadog-metrics': /^((?!checkout-7).)*$/s,
  webhook: /"feature":"checkout-7"/,
  sqs: /\\"metadata\\":\{\\"feature\\":\\"checkout-7\\",\\"team\\":\\"red\\"\}/,
};
const OF_RECORD = /"metadata":\{"feature":"checkout-7","team":"red"\}/;
const textOf = (body: Buffer): string => (body[0] === 0x1f ? gunzipSync(body) : body).toString('utf8');
const count = (use: string): number => (use === 'helicone' ? 3 : 1);

// What they wait for is the first delay before they try again: each may wait beside the others, with a vendor of its own.
describe.concurrent.each(VENDORS)('the sink $use', (vendor) => {
  const { use, values, path, headers, body, good = { status: 200 } } = vendor;
  const run = async ({ onTestFinished: finished }: TestContext) => {
    const server = await startVendor();
    const sinks = runSinks([sinkSettings(use, values(server.url))], null);
    finished(async () => {
      await sinks.close();
      await server.close();
    });
    return { server, sinks };
  };

  it('is told by the request that its documentation asks for', async (context) => {
    const { server, sinks } = await run(context);
    server.answer = () => good;
    const records = three();
    await sinks.settle(records);
    await context.expect
      .poll(() => sinks.sinks.states()[0])
      .toMatchObject({ counts: { sent: 3 }, failing: null });
    expect(server.received.length).toBe(count(use));
    for (const received of server.received) {
      expect(received.method).toBe(vendor.method ?? 'POST');
      if (typeof path === 'string') expect(received.path).toBe(path);
      else expect(received.path).toMatch(path);
      for (const [name, value] of Object.entries(headers)) {
        if (typeof value === 'string') expect(received.headers[name], name).toBe(value);
        else expect(received.headers[name], name).toMatch(value);
      }
      expect(received.body.includes(SECRET)).toBe(false);
    }
    const [first] = server.received;
    if (first === undefined) throw new Error('it was told nothing');
    if (body === 'otlp') {
      expect(first.headers['content-type']).toBe('application/x-protobuf');
      const told = readTraces(first.body).spans.flatMap(
        (span) => span.attributes['headgate.request.id'] ?? [],
      );
      expect(told).toEqual(records.map(({ id }) => id));
      const { spans } = readTraces(first.body);
      const [, second] = spans.filter((span) => 'headgate.request.id' in span.attributes);
      expect(second?.attributes).toMatchObject({
        'headgate.metadata.feature': 'checkout-7',
        'headgate.metadata.team': 'red',
        ...ATTRIBUTES[use],
      });
      const all = JSON.stringify(spans.map(({ attributes }) => attributes));
      expect(all.match(/checkout-7/g)).toHaveLength(use in ATTRIBUTES ? 2 : 1);
    } else body(first, use === 'helicone' ? [] : records.map(({ id }) => id));
    if (body !== 'otlp')
      expect(server.received.map((one) => textOf(one.body)).join('\n')).toMatch(TEXTS[use] ?? OF_RECORD);
  });

  it('is told again after 503, in the same words, and shows no secret', async (context) => {
    const { server, sinks } = await run(context);
    let tries = 0;
    // Some echo what they were told.
    const echo = JSON.stringify(values('')).includes(SECRET) ? SECRET : '';
    server.answer = () => (tries++ < count(use) ? { status: 503, body: `down, ${echo}` } : good);
    await sinks.settle(three());
    await context.expect
      .poll(() => sinks.sinks.states()[0])
      .toMatchObject({ counts: { sent: 3 }, failing: null });
    expect(JSON.stringify(sinks.lines)).not.toContain(SECRET);
    expect(JSON.stringify(sinks.lines)).toContain('503');
    // Clouds sign with the time; objects have their time in the gzip header.
    const bodies = new Set(server.received.map(({ body: sent }) => sent.toString('hex')));
    if (!['helicone', 'azure-blob'].includes(use)) expect(bodies.size).toBe(1);
  });

  const { inside } = vendor;
  if (inside !== undefined)
    it('is understood when it answers success with an error inside', async (context) => {
      const { server, sinks } = await run(context);
      let tries = 0;
      server.answer = (received) => (tries++ === 0 ? (inside.answer(received) ?? good) : good);
      await sinks.settle(three());
      const counts = inside.means === 'later' ? { sent: 3, failures: 1 } : { sent: 2, refused: 1 };
      await context.expect.poll(() => sinks.sinks.states()[0]).toMatchObject({ counts });
    });
});

describe('sinks', () => {
  /** Those that need more than a server of HTTP have tests of their own. */
  const elsewhere = ['gcs', 'google-cloud', 'pubsub', 'kafka', 'nats', 'redis', 'file'];

  it('are all in the table of vendors, or known not to be', () => {
    const tested = VENDORS.map(({ use }) => use);
    expect([...sinkRows.keys()].toSorted()).toEqual([...tested, ...elsewhere].toSorted());
  });

  it('write to files, which are set aside when they are full', async () => {
    const path = join(tempDir(), 'requests.jsonl');
    const sinks = runSinks([sinkSettings('file', { path, max_bytes: 2000 })], null);
    onTestFinished(() => sinks.close());
    const records = three();
    for (const one of records) {
      await sinks.settle([one]);
      await expect.poll(() => sinks.sinks.states()[0]?.backlogBytes).toBe(0);
    }
    const lines = [`${path}.1`, path].flatMap((name) => readFileSync(name, 'utf8').trim().split('\n'));
    expect(lines.map((line) => (JSON.parse(line) as { id: string }).id)).toEqual(records.map(({ id }) => id));
  });
});
