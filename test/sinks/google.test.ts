import { generateKeyPairSync } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it, type TestContext } from 'vitest';
import { settled } from '../store/records.js';
import { account, rowsWith, tokenEndpoint } from './google-account.js';
import { runSinks, sinkSettings } from './running-sinks.js';
import { readTraces } from './trace-proto.js';
import { type Received, startVendor } from './vendor-server.js';

interface Cloud {
  readonly use: string;
  readonly values: Record<string, string>;
  readonly path: RegExp;
  readonly contentType: string;
  readonly good: unknown;
  readonly ids: (received: Received) => unknown[];
}

const lines = (text: string): { id: string }[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: string });

const CLOUDS: readonly Cloud[] = [
  {
    // https://docs.cloud.google.com/storage/docs/uploading-objects#rest-upload-objects
    use: 'gcs',
    values: { bucket: 'my-records', prefix: 'gate/' },
    path: /^\/upload\/storage\/v1\/b\/my-records\/o\?uploadType=media&name=gate%2F[^/?&]+\.jsonl\.gz$/,
    contentType: 'application/gzip',
    good: { kind: 'storage#object', bucket: 'my-records' },
    ids: ({ body }) => lines(gunzipSync(body).toString('utf8')).map(({ id }) => id),
  },
  {
    // https://docs.cloud.google.com/pubsub/docs/reference/rest/v1/projects.topics/publish
    use: 'pubsub',
    values: { project: 'p1', topic: 'requests' },
    path: /^\/v1\/projects\/p1\/topics\/requests:publish$/,
    contentType: 'application/json',
    good: { messageIds: ['1', '2', '3'] },
    ids: ({ body }) => {
      const { messages } = JSON.parse(body.toString('utf8')) as {
        messages: { data: string; attributes: { id: string } }[];
      };
      return messages.map(({ data, attributes }) => {
        const { id } = JSON.parse(Buffer.from(data, 'base64').toString('utf8')) as { id: string };
        expect(attributes.id).toBe(id);
        return id;
      });
    },
  },
  {
    // https://docs.cloud.google.com/stackdriver/docs/reference/telemetry/v1.traces.post
    use: 'google-cloud',
    values: { project: 'p1' },
    path: /^\/v1\/traces$/,
    contentType: 'application/x-protobuf',
    good: {},
    ids: ({ body }) => {
      const { spans, resource } = readTraces(body);
      expect(resource['gcp.project_id']).toBe('p1');
      return spans.flatMap((span) => span.attributes['headgate.request.id'] ?? []);
    },
  },
];

describe.concurrent.each(CLOUDS)('the sink $use', ({ use, values, path, contentType, good, ids }) => {
  const run = async ({ onTestFinished: finished }: TestContext, credential = JSON.stringify(account)) => {
    const [server, tokens] = [await startVendor(), tokenEndpoint()];
    const settings = sinkSettings(use, { ...values, url: server.url, credential });
    const sinks = runSinks([settings], null, rowsWith(tokens.fetch));
    finished(async () => {
      await sinks.close();
      await server.close();
    });
    return { server, tokens, sinks };
  };

  it('is told with a token that its service account was given', async (context) => {
    const { server, tokens, sinks } = await run(context);
    server.answer = () => ({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(good),
    });
    for (let i = 0; i < 2; i++) {
      const records = [settled(), settled(), settled()];
      await sinks.settle(records);
      await context.expect.poll(() => sinks.sinks.states()[0]?.counts.sent).toBe(3 * (i + 1));
      const received = server.received[i] as Received;
      expect(received.method).toBe('POST');
      expect(received.path).toMatch(path);
      expect(received.headers).toMatchObject({
        authorization: 'Bearer token-1',
        'content-type': contentType,
      });
      expect(ids(received)).toEqual(records.map(({ id }) => id));
    }
    expect(tokens.given).toEqual(['token-1']);
  });

  it('is told again with another token when the first was taken back', async (context) => {
    const { server, sinks } = await run(context);
    server.answer = ({ headers }) =>
      headers.authorization === 'Bearer token-1'
        ? { status: 401, body: '{"error":{"code":401,"status":"UNAUTHENTICATED"}}' }
        : { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(good) };
    await sinks.settle([settled()]);
    await context.expect.poll(() => sinks.sinks.states()[0]?.counts).toMatchObject({ sent: 1, failures: 1 });
    expect(server.received.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer token-1',
      'Bearer token-2',
    ]);
  });

  it('waits while its account is refused, and shows nothing of its key', async (context) => {
    const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const key = stranger.export({ type: 'pkcs8', format: 'pem' }).toString();
    const { server, sinks } = await run(context, JSON.stringify({ ...account, private_key: key }));
    await sinks.settle([settled()]);
    await context.expect.poll(() => sinks.sinks.states()[0]?.failing).toContain('400');
    expect(server.received).toEqual([]);
    expect(sinks.sinks.states()[0]?.counts).toMatchObject({ sent: 0, refused: 0 });
    expect(JSON.stringify([sinks.lines, sinks.sinks.states()])).not.toContain(key.split('\n')[1]);
  });
});
