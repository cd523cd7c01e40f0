import { hash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { SettledDetail, SinkRow } from '@headgate/sdk';
import { AwsRequests, awsSettings } from './aws-request.js';
import { GooglePoster, googleCredential } from './google-poster.js';
import { jsonLines } from './record-json.js';
import { address, optional, ownAddress, secret, text } from './setting.js';

const compressed = promisify(gzip);
/** Few, large objects: each costs a request and an entry. */
const BATCH = { records: 5000, waitMs: 60_000 };
const prefix = optional('beginning of the names of objects', 'headgate/');

/**
 * An object of a batch: lines of JSON with gzip, its name by day and by its first and last request, so that what is told twice is
 * written over.
 */
async function objectOf(
  details: readonly SettledDetail[],
  before: string,
): Promise<{ name: string; body: Buffer }> {
  const [first, last] = [details[0], details.at(-1)];
  if (first === undefined || last === undefined) throw new RangeError('an object has at least one record');
  const day = new Date(first.record.time).toISOString().slice(0, 10);
  const name = `${before}${day}/${first.record.id}-${last.record.id}-${details.length}.jsonl.gz`;
  return { name, body: await compressed(jsonLines(details)) };
}

const encoded = (name: string): string => name.split('/').map(encodeURIComponent).join('/');

/** Amazon S3 and what speaks its API. */
export const s3: SinkRow = {
  id: 's3',
  title: 'Amazon S3 and compatible storage',
  docs: 'https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html',
  sends: 'objects',
  settings: { ...awsSettings, bucket: text('bucket'), prefix },
  batch: BATCH,
  open(values, host) {
    const [region, bucket, endpoint] = [
      values.text('region'),
      values.text('bucket'),
      values.text('endpoint'),
    ];
    const base = endpoint === '' ? `https://${bucket}.s3.${region}.amazonaws.com` : `${endpoint}/${bucket}`;
    const aws = new AwsRequests(host, 's3', region, values.text('credential'));
    return {
      async send(details) {
        const { name, body } = await objectOf(details, values.text('prefix'));
        const headers = {
          'content-type': 'application/x-ndjson',
          'content-encoding': 'gzip',
          // S3 wants the hash of what is sent in a header, too.
          'x-amz-content-sha256': hash('sha256', body, 'hex'),
        };
        return host.judge(await aws.send(new URL(`${base}/${encoded(name)}`), 'PUT', headers, body));
      },
    };
  },
};

/** Google Cloud Storage. */
export const gcs: SinkRow = {
  id: 'gcs',
  title: 'Google Cloud Storage',
  docs: 'https://docs.cloud.google.com/storage/docs/uploading-objects',
  sends: 'objects',
  settings: {
    bucket: text('bucket'),
    prefix,
    credential: googleCredential,
    url: address('address of its API', 'https://storage.googleapis.com'),
  },
  batch: BATCH,
  open(values, host) {
    const google = new GooglePoster(host, values.text('credential'));
    return {
      async send(details) {
        const { name, body } = await objectOf(details, values.text('prefix'));
        const path = `/upload/storage/v1/b/${encodeURIComponent(values.text('bucket'))}/o`;
        const url = `${values.text('url')}${path}?uploadType=media&name=${encodeURIComponent(name)}`;
        const headers = { 'content-type': 'application/gzip' };
        return host.judge(await google.post({ url, headers, body }));
      },
    };
  },
};

/** Azure Blob Storage, with a shared access signature. */
export const azureBlob: SinkRow = {
  id: 'azure-blob',
  title: 'Azure Blob Storage',
  docs: 'https://learn.microsoft.com/rest/api/storageservices/put-blob',
  sends: 'objects',
  settings: {
    url: ownAddress('address of the container, such as `https://account.blob.core.windows.net/requests`'),
    sas: secret('shared access signature that may create blobs, without `?`'),
    prefix,
  },
  batch: BATCH,
  open(values, host) {
    return {
      async send(details) {
        const { name, body } = await objectOf(details, values.text('prefix'));
        const url = `${values.text('url')}/${encoded(name)}?${values.text('sas').replace(/^\?/, '')}`;
        const headers = {
          'content-type': 'application/gzip',
          'x-ms-blob-type': 'BlockBlob',
          'x-ms-version': '2021-08-06',
        };
        return host.judge(await host.post({ url, method: 'PUT', headers, body }));
      },
    };
  },
};
