import type { SinkRow } from '@headgate/sdk';
import { apm } from './apm.js';
import { azureMonitor } from './azure-monitor.js';
import { clickhouse, elasticsearch, opensearch } from './bulk.js';
import { cloudwatch, googleCloud } from './clouds.js';
import { datadog, datadogMetrics } from './datadog.js';
import { file } from './file.js';
import { helicone } from './helicone.js';
import { kafka } from './kafka.js';
import { langfuse } from './langfuse.js';
import { llmPlatforms } from './llm-platforms.js';
import { nats } from './nats.js';
import { azureBlob, gcs, s3 } from './objects.js';
import { otlp } from './otlp.js';
import { posthog } from './posthog.js';
import { pubsub, redis, sqs } from './queues.js';
import { splunk } from './splunk.js';
import { webhook } from './webhook.js';

const rows: readonly SinkRow[] = [
  langfuse,
  ...llmPlatforms,
  helicone,
  posthog,
  datadog,
  datadogMetrics,
  ...apm,
  splunk,
  azureMonitor,
  googleCloud,
  cloudwatch,
  elasticsearch,
  opensearch,
  clickhouse,
  s3,
  gcs,
  azureBlob,
  kafka,
  nats,
  redis,
  sqs,
  pubsub,
  otlp,
  webhook,
  file,
];

/** All sinks that come with Headgate, by id. */
export const sinkRows: ReadonlyMap<string, SinkRow> = new Map(rows.map((row) => [row.id, row]));
