import type { SinkAnswer, SinkRow, SinkVerdict } from '@headgate/sdk';
import { AwsRequests, awsSettings } from './aws-request.js';
import { GooglePoster, googleCredential } from './google-poster.js';
import { jsonOf, listIn } from './json-answer.js';
import { recordJson } from './record-json.js';
import { address, optional, ownAddress, secret, text } from './setting.js';

/** Streams of Redis or Valkey. */
export const redis: SinkRow = {
  id: 'redis',
  title: 'Redis and Valkey streams',
  docs: 'https://redis.io/docs/latest/commands/xadd/',
  sends: 'messages',
  settings: {
    url: secret('`redis://` or `rediss://` URL, with its password', 'REDIS_URL'),
    stream: optional('key of the stream', 'headgate:requests'),
    max_length: {
      type: 'number',
      about: 'oldest entries beyond about so many are dropped; 0: none',
      default: 1_000_000,
    },
  },
  async open(values, host) {
    const stream = await host.redis(values.text('url'));
    return {
      async send(details) {
        const entries = details.map((detail) => [
          'id',
          detail.record.id,
          'record',
          JSON.stringify(recordJson(detail)),
        ]);
        const answers = await stream.add(values.text('stream'), entries, values.number('max_length'));
        // What is in must not be told again. Nothing that Redis refuses is about the entry: it is full, read-only, not what it was.
        const only = answers.flatMap((why, i) => (why === null ? [] : [i]));
        const why = answers.find((one) => one !== null);
        return typeof why === 'string' ? { kind: 'later', why, only } : { kind: 'taken' };
      },
      close: () => stream.close(),
    };
  },
};

/** Amazon SQS, ten messages a request. */
export const sqs: SinkRow = {
  id: 'sqs',
  title: 'Amazon SQS',
  docs: 'https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html',
  sends: 'messages',
  settings: { ...awsSettings, queue_url: ownAddress('URL of the queue') },
  batch: { records: 10 },
  open(values, host) {
    const queue = values.text('queue_url');
    const aws = new AwsRequests(host, 'sqs', values.text('region'), values.text('credential'));
    const url = new URL(values.text('endpoint') || new URL(queue).origin);
    return {
      async send(details) {
        const fifo = queue.endsWith('.fifo');
        const Entries = details.map((detail, i) => ({
          Id: String(i),
          MessageBody: JSON.stringify(recordJson(detail)),
          ...(fifo && { MessageGroupId: 'headgate', MessageDeduplicationId: detail.record.id }),
        }));
        const headers = {
          'content-type': 'application/x-amz-json-1.0',
          'x-amz-target': 'AmazonSQS.SendMessageBatch',
        };
        const body = Buffer.from(JSON.stringify({ QueueUrl: queue, Entries }));
        const answer = await aws.send(url, 'POST', headers, body);
        return answer.status === 200 ? judgeEntries(answer) : host.judge(answer);
      },
    };
  },
};

/** 200 with `Failed`: entries that were not taken, and whether that is our fault. */
function judgeEntries(answer: SinkAnswer): SinkVerdict {
  const failed = listIn(jsonOf(answer), 'Failed');
  if (failed.length === 0) return { kind: 'taken' };
  const why = `it did not take ${failed.length} messages: ${String(failed[0]?.['Message'] ?? failed[0]?.['Code'])}`;
  const refused = failed.filter(({ SenderFault }) => SenderFault === true).length;
  const only = failed.filter(({ SenderFault }) => SenderFault !== true).map(({ Id }) => Number(Id));
  return only.length === 0 ? { kind: 'taken', refused, why } : { kind: 'later', why, only, refused };
}

/** Google Cloud Pub/Sub. */
export const pubsub: SinkRow = {
  id: 'pubsub',
  title: 'Google Cloud Pub/Sub',
  docs: 'https://docs.cloud.google.com/pubsub/docs/reference/rest/v1/projects.topics/publish',
  sends: 'messages',
  settings: {
    project: text('project', 'GOOGLE_CLOUD_PROJECT'),
    topic: text('topic'),
    credential: googleCredential,
    url: address('address of its API', 'https://pubsub.googleapis.com'),
  },
  // At most 1,000 messages and 10 MB.
  batch: { records: 500 },
  open(values, host) {
    const google = new GooglePoster(host, values.text('credential'));
    const url = `${values.text('url')}/v1/projects/${values.text('project')}/topics/${values.text('topic')}:publish`;
    return {
      async send(details) {
        const messages = details.map((detail) => ({
          data: Buffer.from(JSON.stringify(recordJson(detail))).toString('base64'),
          attributes: { id: detail.record.id, model: detail.record.model, outcome: detail.record.outcome },
        }));
        const headers = { 'content-type': 'application/json' };
        return host.judge(await google.post({ url, headers, body: JSON.stringify({ messages }) }));
      },
    };
  },
};
