import type { Answer, Received } from './vendor-server.js';

/**
 * How each vendor is told of records, from its documentation: settings that lead to `url`, the path, headers that say who tells, and
 * how ids of requests are found in what is sent. `failures` are answers of success that say that records were not taken.
 */
export interface Vendor {
  readonly use: string;
  readonly values: (url: string) => Record<string, unknown>;
  readonly path: string | RegExp;
  readonly method?: string;
  readonly headers: Readonly<Record<string, string | RegExp>>;
  /** Texts that must be in the body of three records, and the secrets that must be nowhere but in the headers. */
  readonly body: 'otlp' | ((received: Received, ids: readonly string[]) => void);
  /** What is answered when all went well; 200 when left out. */
  readonly good?: Answer;
  /** An answer that looks like success and is none: all later, or the second of three refused. */
  readonly inside?: {
    readonly answer: (received: Received) => Answer;
    readonly means: 'later' | 'second refused';
  };
}

const KEY = 'planted-key-4f0c9a1d';
const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
const json = (status: number, body: unknown): Answer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});
const has =
  (...names: string[]) =>
  ({ body }: Received, ids: readonly string[]): void => {
    const text = body.toString('utf8');
    for (const one of [...names, ...ids])
      if (!text.includes(one)) throw new Error(`${one} is not in ${text.slice(0, 2000)}`);
  };
const parsed = ({ body }: Received): never => JSON.parse(body.toString('utf8')) as never;

const otlp = (use: string, values: Vendor['values'], path: string, headers: Vendor['headers']): Vendor => ({
  use,
  values,
  path,
  headers,
  body: 'otlp',
});

export const SECRET = KEY;

export const VENDORS: readonly Vendor[] = [
  otlp(
    'langfuse-otel',
    (host) => ({ host, public_key: 'pk', secret_key: KEY }),
    '/api/public/otel/v1/traces',
    { authorization: basic('pk', KEY) },
  ),
  otlp('langsmith', (url) => ({ url, api_key: KEY, project: 'p' }), '/otel/v1/traces', {
    'x-api-key': KEY,
    'langsmith-project': 'p',
  }),
  otlp('arize', (url) => ({ url, api_key: KEY, space_id: 's' }), '/v1/traces', {
    api_key: KEY,
    space_id: 's',
  }),
  otlp('phoenix', (url) => ({ url, api_key: KEY }), '/v1/traces', { authorization: `Bearer ${KEY}` }),
  otlp('maxim', (url) => ({ url: `${url}/v1/otel`, api_key: KEY, repo_id: 'r' }), '/v1/otel', {
    'x-maxim-api-key': KEY,
    'x-maxim-repo-id': 'r',
  }),
  otlp('braintrust', (url) => ({ url, api_key: KEY, parent: 'project_name:p' }), '/otel/v1/traces', {
    authorization: `Bearer ${KEY}`,
    'x-bt-parent': 'project_name:p',
  }),
  otlp('opik', (url) => ({ url, api_key: KEY, workspace: 'w', project: 'p' }), '/v1/private/otel/v1/traces', {
    authorization: KEY,
    'comet-workspace': 'w',
    projectname: 'p',
  }),
  otlp('weave', (url) => ({ url, api_key: KEY, entity: 'e', project: 'p' }), '/otel/v1/traces', {
    'wandb-api-key': KEY,
  }),
  otlp('mlflow', (url) => ({ url, token: KEY, experiment_id: '7' }), '/v1/traces', {
    'x-mlflow-experiment-id': '7',
    authorization: `Bearer ${KEY}`,
  }),
  otlp('traceloop', (url) => ({ url, api_key: KEY }), '/v1/traces', { authorization: `Bearer ${KEY}` }),
  otlp('logfire', (url) => ({ url, token: KEY }), '/v1/traces', { authorization: KEY }),
  otlp('galileo', (url) => ({ url: `${url}/otel/traces`, api_key: KEY, project: 'p' }), '/otel/traces', {
    'galileo-api-key': KEY,
    project: 'p',
    logstream: 'default',
  }),
  otlp('laminar', (url) => ({ url, api_key: KEY }), '/v1/traces', { authorization: `Bearer ${KEY}` }),
  otlp('agenta', (url) => ({ url, api_key: KEY }), '/api/otlp/v1/traces', { authorization: `ApiKey ${KEY}` }),
  otlp(
    'sentry',
    (url) => ({ url: `${url}/api/1/integration/otlp/v1/traces`, public_key: KEY }),
    '/api/1/integration/otlp/v1/traces',
    { 'x-sentry-auth': `sentry sentry_key=${KEY}` },
  ),
  otlp('newrelic', (url) => ({ url, api_key: KEY }), '/v1/traces', { 'api-key': KEY }),
  otlp('honeycomb', (url) => ({ url, api_key: KEY, dataset: 'd' }), '/v1/traces', {
    'x-honeycomb-team': KEY,
    'x-honeycomb-dataset': 'd',
  }),
  otlp('grafana-cloud', (url) => ({ url: `${url}/otlp`, instance_id: '9', token: KEY }), '/otlp/v1/traces', {
    authorization: basic('9', KEY),
  }),
  otlp('dynatrace', (url) => ({ url, token: KEY }), '/api/v2/otlp/v1/traces', {
    authorization: `Api-Token ${KEY}`,
  }),
  otlp('elastic', (url) => ({ url, api_key: KEY }), '/v1/traces', { authorization: `ApiKey ${KEY}` }),
  otlp('signoz', (url) => ({ url, ingestion_key: KEY }), '/v1/traces', { 'signoz-ingestion-key': KEY }),
  otlp('axiom', (url) => ({ url, token: KEY, dataset: 'd' }), '/v1/traces', {
    authorization: `Bearer ${KEY}`,
    'x-axiom-dataset': 'd',
  }),
  otlp('uptrace', (url) => ({ url, dsn: KEY }), '/v1/traces', { 'uptrace-dsn': KEY }),
  otlp('otlp', (url) => ({ url, headers: { 'x-key': KEY } }), '/v1/traces', { 'x-key': KEY }),
  otlp(
    'cloudwatch',
    (endpoint) => ({ endpoint, region: 'eu-west-1', credential: `AKIAIOSFODNN7EXAMPLE:${KEY}` }),
    '/v1/traces',
    {
      authorization:
        /^AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE\/\d{8}\/eu-west-1\/xray\/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=[0-9a-f]{64}$/,
    },
  ),
  {
    use: 'langfuse',
    values: (host) => ({ host, public_key: 'pk', secret_key: KEY }),
    path: '/api/public/ingestion',
    headers: { authorization: basic('pk', KEY), 'content-type': 'application/json' },
    body: has('trace-create', 'generation-create'),
    good: json(207, { successes: [], errors: [] }),
    inside: {
      means: 'second refused',
      answer: (received) => {
        const { batch } = parsed(received) as { batch: { id: string; type: string }[] };
        const [, second] = batch.filter(({ type }) => type === 'generation-create');
        return json(207, { successes: [], errors: [{ id: second?.id, status: 400, message: 'no model' }] });
      },
    },
  },
  {
    use: 'helicone',
    values: (url) => ({ url, api_key: KEY }),
    path: '/custom/v1/log',
    headers: { authorization: `Bearer ${KEY}` },
    body: has('custom-model-nopath', 'prompt_tokens'),
  },
  {
    use: 'posthog',
    values: (host) => ({ host, api_key: 'phc_public_0123456789' }),
    path: '/batch/',
    headers: { 'content-type': 'application/json' },
    body: (received) =>
      has('"api_key":"phc_public_0123456789"', '$ai_generation', '$ai_input_tokens')(received, []),
  },
  {
    use: 'datadog',
    values: (url) => ({ url, api_key: KEY }),
    path: '/api/intake/llm-obs/v1/trace/spans',
    headers: { 'dd-api-key': KEY },
    body: (received) =>
      has('"type":"span"', '"ml_app":"headgate"', '"kind":"llm"', '"input_tokens":100')(received, []),
    good: { status: 202 },
  },
  {
    use: 'datadog-metrics',
    values: (url) => ({ url, api_key: KEY }),
    path: '/api/v2/series',
    headers: { 'dd-api-key': KEY },
    body: (received) => has('headgate.requests', '"value":3')(received, []),
    good: { status: 202 },
  },
  {
    use: 'splunk',
    values: (url) => ({ url, token: KEY }),
    path: '/services/collector/event',
    headers: { authorization: `Splunk ${KEY}` },
    body: has('"sourcetype":"headgate:request"'),
    good: json(200, { text: 'Success', code: 0 }),
    inside: { means: 'later', answer: () => json(200, { text: 'Server is busy', code: 9 }) },
  },
  {
    use: 'azure-monitor',
    values: (url) => ({ connection_string: `InstrumentationKey=ikey;IngestionEndpoint=${url}/` }),
    path: '/v2.1/track',
    headers: { 'content-type': 'application/json' },
    body: has('"iKey":"ikey"', 'RequestData'),
    good: json(200, { itemsReceived: 3, itemsAccepted: 3, errors: [] }),
    inside: {
      means: 'second refused',
      answer: () =>
        json(206, {
          itemsReceived: 3,
          itemsAccepted: 2,
          errors: [{ index: 1, statusCode: 400, message: 'no' }],
        }),
    },
  },
  ...['elasticsearch', 'opensearch'].map(
    (use): Vendor => ({
      use,
      values: (url) => ({ url, api_key: KEY }),
      path: '/headgate-requests/_bulk',
      headers: { authorization: `ApiKey ${KEY}`, 'content-type': 'application/x-ndjson' },
      body: has('{"create":{"_id":'),
      good: json(200, { errors: false, items: [] }),
      inside: {
        means: 'second refused',
        answer: () =>
          json(200, {
            errors: true,
            items: [
              { create: { status: 409, error: { type: 'version_conflict_engine_exception' } } },
              { create: { status: 400, error: { type: 'mapper_parsing_exception', reason: 'no' } } },
              { create: { status: 201 } },
            ],
          }),
      },
    }),
  ),
  {
    use: 'clickhouse',
    values: (url) => ({ url, username: 'u', password: KEY, database: 'd', table: 't' }),
    path: /^\/\?query=INSERT\+INTO\+%60d%60\.%60t%60\+FORMAT\+JSONEachRow&/,
    headers: { 'x-clickhouse-user': 'u', 'x-clickhouse-key': KEY },
    body: has('"input_tokens":100'),
  },
  {
    use: 's3',
    values: (endpoint) => ({
      endpoint,
      region: 'eu-west-1',
      bucket: 'b',
      credential: `AKIAIOSFODNN7EXAMPLE:${KEY}`,
    }),
    path: /^\/b\/headgate\/\d{4}-\d\d-\d\d\/req_\d+-req_\d+-3\.jsonl\.gz$/,
    method: 'PUT',
    headers: {
      authorization:
        /^AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE\/\d{8}\/eu-west-1\/s3\/aws4_request, SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date, /,
      'x-amz-content-sha256': /^[0-9a-f]{64}$/,
    },
    body: has('"input_tokens":100'),
  },
  {
    use: 'azure-blob',
    values: (url) => ({ url: `${url}/c`, sas: `sv=1&sig=${KEY}` }),
    path: /^\/c\/headgate\/\d{4}-\d\d-\d\d\/.*\.jsonl\.gz\?sv=1&sig=planted-key-4f0c9a1d$/,
    method: 'PUT',
    headers: { 'x-ms-blob-type': 'BlockBlob' },
    body: () => {},
    good: { status: 201 },
  },
  {
    use: 'sqs',
    values: (endpoint) => ({
      endpoint,
      region: 'eu-west-1',
      queue_url: 'https://sqs.eu-west-1.amazonaws.com/1/q',
      credential: `AKIAIOSFODNN7EXAMPLE:${KEY}`,
    }),
    path: '/',
    headers: {
      'x-amz-target': 'AmazonSQS.SendMessageBatch',
      'content-type': 'application/x-amz-json-1.0',
      authorization: /\/sqs\/aws4_request/,
    },
    body: has('"QueueUrl":"https://sqs.eu-west-1.amazonaws.com/1/q"'),
    good: json(200, { Successful: [] }),
    inside: {
      means: 'second refused',
      answer: () =>
        json(200, {
          Successful: [],
          Failed: [{ Id: '1', SenderFault: true, Code: 'InvalidMessageContents' }],
        }),
    },
  },
  {
    use: 'webhook',
    values: (url) => ({
      url: `${url}/hook`,
      headers: { 'x-key': KEY },
      secret: 'signing-secret',
      template:
        '{"request":"{{id}}","text":"{{model}} at {{provider}}","cost":"{{cost_usd}}","feature":"{{metadata.feature}}"}',
    }),
    path: '/hook',
    headers: { 'x-key': KEY, 'x-headgate-signature': /^sha256=[0-9a-f]{64}$/ },
    body: has('"text":"support at openai","cost":0.000012345'),
  },
];
