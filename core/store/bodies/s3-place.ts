import { createHash, createHmac } from 'node:crypto';
import type { S3Settings } from '../../observe/bodies/body-settings.js';
import type { BodyPlace } from './body-place.js';

const WORD = 's3';
const TIMEOUT_MS = 30_000;

/** An object for each request, in S3 or something that speaks as it does, signed by https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html */
export class S3Place implements BodyPlace {
  constructor(
    private readonly settings: S3Settings,
    private readonly now: () => number = Date.now,
  ) {}

  async put(id: string, time: number, bytes: Uint8Array): Promise<string> {
    const day = new Date(time).toISOString().slice(0, 10).replaceAll('-', '/');
    const key = `${this.settings.prefix}${day}/${id}.json`;
    const answer = await this.ask('PUT', key, bytes);
    if (!answer.ok) throw new Error(`the storage answers ${answer.status} to PUT`);
    return `${WORD}:${key}`;
  }

  async get(place: string): Promise<Uint8Array | null> {
    const answer = await this.ask('GET', place.slice(WORD.length + 1));
    if (answer.status === 404) return null;
    if (!answer.ok) throw new Error(`the storage answers ${answer.status} to GET`);
    return new Uint8Array(await answer.arrayBuffer());
  }

  async remove(places: readonly string[]): Promise<void> {
    for (const place of places) {
      const answer = await this.ask('DELETE', place.slice(WORD.length + 1));
      if (!answer.ok && answer.status !== 404)
        throw new Error(`the storage answers ${answer.status} to DELETE`);
    }
  }

  async close(): Promise<void> {}

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
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  }
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
