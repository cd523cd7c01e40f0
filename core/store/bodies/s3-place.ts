import { createHash, createHmac } from 'node:crypto';
import type { S3Settings } from '../../observe/bodies/body-settings.js';
import type { BodyPlace } from './body-place.js';

const TIMEOUT_MS = 30_000;
const TOGETHER = 16;

/** An object for each request, in S3 or something that speaks as it does, signed by https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html */
export class S3Place implements BodyPlace {
  readonly together = TOGETHER;
  private readonly closing = new AbortController();

  constructor(
    private readonly settings: S3Settings,
    private readonly now: () => number = Date.now,
    readonly word = 's3:',
  ) {}

  ahead(id: string, time: number): string {
    const day = new Date(time).toISOString().slice(0, 10).replaceAll('-', '/');
    return `${this.word}${this.settings.prefix}${day}/${id}.json`;
  }

  async put(id: string, time: number, bytes: Uint8Array): Promise<string> {
    const place = this.ahead(id, time);
    const answer = await this.ask('PUT', keyOf(place), bytes);
    await answer.body?.cancel();
    if (!answer.ok) throw new Error(`the storage answers ${answer.status} to PUT`);
    return place;
  }

  async get(place: string): Promise<Uint8Array | null> {
    const answer = await this.ask('GET', keyOf(place));
    if (answer.ok) return new Uint8Array(await answer.arrayBuffer());
    await answer.body?.cancel();
    if (answer.status === 404) return null;
    throw new Error(`the storage answers ${answer.status} to GET`);
  }

  /** Some at a time, as long as any of them go. */
  async remove(places: readonly string[]): Promise<{ gone: readonly string[]; why?: unknown }> {
    const gone: string[] = [];
    let why: unknown;
    for (let i = 0; i < places.length; i += TOGETHER) {
      const some = places.slice(i, i + TOGETHER);
      const ends = await Promise.allSettled(some.map((place) => this.removeOne(place)));
      const there = ends.filter(({ status }) => status === 'rejected');
      gone.push(...some.filter((_, at) => ends[at]?.status === 'fulfilled'));
      if (there.length > 0) why ??= (there[0] as PromiseRejectedResult).reason;
      if (there.length === some.length) break;
    }
    return { gone, why };
  }

  async close(): Promise<void> {
    this.closing.abort(new Error('the gateway ends'));
  }

  private async removeOne(place: string): Promise<void> {
    const answer = await this.ask('DELETE', keyOf(place));
    await answer.body?.cancel();
    if (!answer.ok && answer.status !== 404)
      throw new Error(`the storage answers ${answer.status} to DELETE`);
  }

  private ask(method: string, key: string, body: Uint8Array = new Uint8Array()): Promise<Response> {
    const { bucket, region, endpoint, accessKeyId, secretAccessKey } = this.settings;
    const path = key.split('/').map(encoded).join('/');
    const url = new URL(
      endpoint === null
        ? `https://${bucket}.s3.${region}.amazonaws.com/${path}`
        : `${endpoint.replace(/\/$/, '')}/${bucket}/${path}`,
    );
    const time = new Date(this.now()).toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
    const digest = sha256(body);
    const signed = 'host;x-amz-content-sha256;x-amz-date';
    const canonical = [
      method,
      url.pathname,
      '',
      `host:${url.host}`,
      `x-amz-content-sha256:${digest}`,
      `x-amz-date:${time}`,
      '',
      signed,
      digest,
    ].join('\n');
    const scope = `${time.slice(0, 8)}/${region}/s3/aws4_request`;
    const toSign = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n');
    const key4 = [time.slice(0, 8), region, 's3', 'aws4_request'].reduce<string | Buffer>(
      (key, part) => hmac(key, part),
      `AWS4${secretAccessKey}`,
    );
    const signature = hmac(key4, toSign).toString('hex');
    return fetch(url, {
      method,
      headers: {
        'x-amz-date': time,
        'x-amz-content-sha256': digest,
        authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${signed}, Signature=${signature}`,
      },
      ...(method === 'PUT' && { body: Buffer.from(body) }),
      redirect: 'error',
      signal: AbortSignal.any([this.closing.signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
  }
}

/** Also of names with a colon. */
function keyOf(place: string): string {
  return place.slice(place.indexOf(':') + 1);
}

function encoded(part: string): string {
  return encodeURIComponent(part).replaceAll(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
