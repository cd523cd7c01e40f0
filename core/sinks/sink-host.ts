import { hostname } from 'node:os';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Clock, RedisStream, SinkAnswer, SinkHost, SinkRequest } from '@headgate/sdk';
import { OtlpTraces } from '../trace/otlp-traces.js';
import type { Poster } from '../upstream/poster.js';
import { SignerFetch } from '../upstream/signer-fetch.js';
import { judgeOtlp, judgeStatus } from './judge.js';
import type { SinksSetup } from './sink-settings.js';

const compressed = promisify(gzip);
/** Fast: what is sent is very repetitive, so that more effort saves little. */
const LEVEL = { level: 1, chunkSize: 256 * 1024 };
/** Most requests have a span of their own, one for where they went and one for the call. */
const SPANS_OF_RECORD = 3;

const clock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

/** What sinks of this gateway may use. */
export function sinkHosts(
  { instance }: Pick<SinksSetup, 'instance'>,
  poster: Poster,
): (timeoutMs: number) => SinkHost {
  const traces = new OtlpTraces(
    // https://opentelemetry.io/docs/specs/semconv/resource/
    { 'service.name': 'headgate', 'service.instance.id': instance, 'host.name': hostname() },
    'headgate',
  );
  const signers = new SignerFetch();
  return (timeoutMs) => ({
    clock,
    instance,
    fetch: signers.fetch,
    post: (request, compress = false) => post(poster, request, compress, timeoutMs),
    traces: (details, options) => traces.encode(details, options),
    judge: (answer) => judgeStatus(answer, Date.now()),
    judgeOtlp: (answer) => judgeOtlp(answer, SPANS_OF_RECORD, Date.now()),
    redis: openRedis,
  });
}

async function post(
  poster: Poster,
  { url, method = 'POST', headers, body }: SinkRequest,
  compress: boolean,
  timeoutMs: number,
): Promise<SinkAnswer> {
  if (method !== 'POST' && method !== 'PUT') throw new TypeError(`a sink sends no ${method}`);
  if (!compress) return poster.post(url, headers, body, timeoutMs, method);
  const bytes = await compressed(body, LEVEL);
  return poster.post(url, { ...headers, 'content-encoding': 'gzip' }, bytes, timeoutMs, method);
}

/** Loaded by the sink that needs it. */
async function openRedis(url: string): Promise<RedisStream> {
  const { openRedisStream } = await import('../store/redis/redis-stream.js');
  return openRedisStream(url);
}
