import type { SettledDetail, SinkRow, SpanAttributes, SpanRole } from '@headgate/sdk';
import { basic, bearer, otlpRow } from './otlp-row.js';
import { costOf } from './record-json.js';
import { address, optional, ownAddress, secret, text } from './setting.js';
import { metadataAttributes, metadataText } from './span-metadata.js';

/** https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md, for those who read nothing else. */
function openInference({ record }: SettledDetail, role: SpanRole): SpanAttributes {
  if (role === 'step') return { 'openinference.span.kind': 'CHAIN' };
  if (role === 'request')
    return {
      'openinference.span.kind':
        record.operation === 'tool' ? 'TOOL' : record.operation === 'run' ? 'AGENT' : 'CHAIN',
      'session.id': record.session || undefined,
      'tag.tags': record.tags.length > 0 ? record.tags : undefined,
      metadata: metadataText(record),
    };
  return {
    'openinference.span.kind':
      record.operation === 'tool' ? 'TOOL' : record.operation === 'embedding' ? 'EMBEDDING' : 'LLM',
    'llm.model_name': record.targetModel || undefined,
    'llm.provider': record.provider || undefined,
    'llm.token_count.prompt': record.usage?.inputTokens,
    'llm.token_count.completion': record.usage?.outputTokens,
    'llm.token_count.total':
      record.usage === null ? undefined : record.usage.inputTokens + record.usage.outputTokens,
    'llm.token_count.prompt_details.cache_read': record.usage?.cacheReadTokens || undefined,
    'llm.cost.total': costOf(record.costNano) ?? undefined,
  };
}

/** Platforms for models that take traces over OTLP. */
export const llmPlatforms: readonly SinkRow[] = [
  otlpRow({
    id: 'langfuse-otel',
    title: 'Langfuse, over OTLP',
    docs: 'https://langfuse.com/integrations/native/opentelemetry',
    settings: {
      public_key: secret('public key of the project', 'LANGFUSE_PUBLIC_KEY'),
      secret_key: secret('secret key of the project', 'LANGFUSE_SECRET_KEY'),
      host: address(
        'address of Langfuse',
        'https://cloud.langfuse.com',
        'LANGFUSE_BASE_URL',
        'LANGFUSE_HOST',
      ),
    },
    url: (values) => `${values.text('host')}/api/public/otel/v1/traces`,
    headers: (values) => ({
      ...basic(values.text('public_key'), values.text('secret_key')),
      'x-langfuse-ingestion-version': '4',
    }),
    attributes: ({ record }, role) =>
      role === 'request'
        ? {
            'langfuse.user.id': record.customer || record.user || undefined,
            'langfuse.session.id': record.session || undefined,
            'langfuse.trace.name': record.model || undefined,
            'langfuse.trace.tags': record.tags.length > 0 ? record.tags : undefined,
            ...metadataAttributes(record, 'langfuse.trace.metadata.'),
          }
        : null,
  }),
  otlpRow({
    id: 'langsmith',
    title: 'LangSmith',
    docs: 'https://docs.langchain.com/langsmith/trace-with-opentelemetry',
    settings: {
      api_key: secret('API key', 'LANGSMITH_API_KEY'),
      project: optional('project that traces go to', 'default'),
      url: address('address of its API', 'https://api.smith.langchain.com', 'LANGSMITH_ENDPOINT'),
    },
    url: (values) => `${values.text('url')}/otel/v1/traces`,
    headers: (values) => ({
      'x-api-key': values.text('api_key'),
      'langsmith-project': values.text('project'),
    }),
    attributes: ({ record }, role) => ({
      'langsmith.span.kind': role === 'call' ? (record.operation === 'tool' ? 'tool' : 'llm') : 'chain',
      ...(role === 'request' && {
        ...metadataAttributes(record, 'langsmith.metadata.'),
        'langsmith.metadata.customer': record.customer || undefined,
      }),
    }),
  }),
  otlpRow({
    id: 'arize',
    title: 'Arize AX',
    docs: 'https://arize.com/docs/ax/integrations/opentelemetry/opentelemetry-arize-otel',
    settings: {
      space_id: text('space', 'ARIZE_SPACE_ID'),
      api_key: secret('API key', 'ARIZE_API_KEY'),
      project: optional('project that traces go to', 'headgate'),
      url: address('address for OTLP', 'https://otlp.arize.com'),
    },
    url: (values) => `${values.text('url')}/v1/traces`,
    headers: (values) => ({ space_id: values.text('space_id'), api_key: values.text('api_key') }),
    resource: (values) => ({
      'openinference.project.name': values.text('project'),
      model_id: values.text('project'),
    }),
    attributes: openInference,
  }),
  otlpRow({
    id: 'phoenix',
    title: 'Arize Phoenix',
    docs: 'https://arize.com/docs/phoenix/tracing/how-to-tracing/setup-tracing',
    settings: {
      url: address('address of Phoenix', 'http://localhost:6006', 'PHOENIX_COLLECTOR_ENDPOINT'),
      api_key: { type: 'secret', about: 'API key, where it wants one', env: ['PHOENIX_API_KEY'] },
      project: optional('project that traces go to', 'default'),
    },
    url: (values) => `${values.text('url')}/v1/traces`,
    headers: (values) => (values.text('api_key') === '' ? {} : bearer(values.text('api_key'))),
    resource: (values) => ({ 'openinference.project.name': values.text('project') }),
    attributes: openInference,
  }),
  otlpRow({
    id: 'maxim',
    title: 'Maxim',
    docs: 'https://www.getmaxim.ai/docs/tracing/opentelemetry/ingesting-via-otlp',
    settings: {
      api_key: secret('API key', 'MAXIM_API_KEY'),
      repo_id: text('log repository', 'MAXIM_LOG_REPO_ID'),
      url: address('address for OTLP', 'https://api.getmaxim.ai/v1/otel'),
    },
    url: (values) => values.text('url'),
    headers: (values) => ({
      'x-maxim-api-key': values.text('api_key'),
      'x-maxim-repo-id': values.text('repo_id'),
    }),
    gzip: false,
  }),
  otlpRow({
    id: 'braintrust',
    title: 'Braintrust',
    docs: 'https://www.braintrust.dev/docs/integrations/sdk-integrations/opentelemetry',
    settings: {
      api_key: secret('API key', 'BRAINTRUST_API_KEY'),
      parent: text('what traces belong to, such as `project_name:support`', 'BRAINTRUST_PARENT'),
      url: address('address of its API', 'https://api.braintrust.dev', 'BRAINTRUST_API_URL'),
    },
    url: (values) => `${values.text('url')}/otel/v1/traces`,
    headers: (values) => ({ ...bearer(values.text('api_key')), 'x-bt-parent': values.text('parent') }),
    attributes: ({ record }, role) =>
      role === 'request' ? { 'braintrust.metadata': metadataText(record) } : null,
  }),
  otlpRow({
    id: 'opik',
    title: 'Comet Opik',
    docs: 'https://www.comet.com/docs/opik/tracing/opentelemetry/overview',
    settings: {
      api_key: { type: 'secret', about: 'API key, with Comet’s cloud', env: ['OPIK_API_KEY'] },
      workspace: optional('workspace', 'default'),
      project: optional('project that traces go to', 'Default Project'),
      url: address('address of its API', 'https://www.comet.com/opik/api', 'OPIK_URL_OVERRIDE'),
    },
    url: (values) => `${values.text('url')}/v1/private/otel/v1/traces`,
    headers: (values) => ({
      ...(values.text('api_key') !== '' && { authorization: values.text('api_key') }),
      'comet-workspace': values.text('workspace'),
      projectname: values.text('project'),
    }),
  }),
  otlpRow({
    id: 'weave',
    title: 'W&B Weave',
    docs: 'https://docs.wandb.ai/weave/guides/tracking/otel',
    settings: {
      api_key: secret('API key', 'WANDB_API_KEY'),
      entity: text('team or user'),
      project: text('project that traces go to'),
      url: address('address of its traces', 'https://trace.wandb.ai'),
    },
    url: (values) => `${values.text('url')}/otel/v1/traces`,
    headers: (values) => ({ 'wandb-api-key': values.text('api_key') }),
    resource: (values) => ({
      'wandb.entity': values.text('entity'),
      'wandb.project': values.text('project'),
    }),
    gzip: false,
  }),
  otlpRow({
    id: 'mlflow',
    title: 'MLflow',
    docs: 'https://mlflow.org/docs/latest/genai/tracing/opentelemetry/ingest/',
    settings: {
      url: ownAddress('address of the tracking server', 'MLFLOW_TRACKING_URI'),
      experiment_id: text('experiment that traces go to', 'MLFLOW_EXPERIMENT_ID'),
      token: { type: 'secret', about: 'token, where it wants one', env: ['MLFLOW_TRACKING_TOKEN'] },
    },
    url: (values) => `${values.text('url')}/v1/traces`,
    headers: (values) => ({
      'x-mlflow-experiment-id': values.text('experiment_id'),
      ...(values.text('token') !== '' && bearer(values.text('token'))),
    }),
    gzip: false,
  }),
  otlpRow({
    id: 'traceloop',
    title: 'Traceloop',
    docs: 'https://www.traceloop.com/docs/openllmetry/integrations/traceloop',
    settings: {
      api_key: secret('API key', 'TRACELOOP_API_KEY'),
      url: address('address of its API', 'https://api.traceloop.com', 'TRACELOOP_BASE_URL'),
    },
    url: (values) => `${values.text('url')}/v1/traces`,
    headers: (values) => bearer(values.text('api_key')),
    attributes: ({ record }, role) =>
      role === 'request' ? metadataAttributes(record, 'traceloop.association.properties.') : null,
  }),
  otlpRow({
    id: 'logfire',
    title: 'Pydantic Logfire',
    docs: 'https://logfire.pydantic.dev/docs/how-to-guides/alternative-clients/',
    settings: {
      token: secret('write token', 'LOGFIRE_TOKEN'),
      url: address('address of its region', 'https://logfire-us.pydantic.dev', 'LOGFIRE_BASE_URL'),
    },
    url: (values) => `${values.text('url')}/v1/traces`,
    headers: (values) => ({ authorization: values.text('token') }),
  }),
  otlpRow({
    id: 'galileo',
    title: 'Galileo',
    docs: 'https://docs.galileo.ai/sdk-api/logging/distributed-tracing-otel',
    settings: {
      api_key: secret('API key', 'GALILEO_API_KEY'),
      project: text('project', 'GALILEO_PROJECT'),
      log_stream: optional('log stream', 'default'),
      url: address('address for OTLP', 'https://api.galileo.ai/otel/traces'),
    },
    url: (values) => values.text('url'),
    headers: (values) => ({
      'galileo-api-key': values.text('api_key'),
      project: values.text('project'),
      logstream: values.text('log_stream'),
    }),
    attributes: openInference,
    gzip: false,
  }),
  otlpRow({
    id: 'laminar',
    title: 'Laminar',
    docs: 'https://docs.lmnr.ai/tracing/otel',
    settings: {
      api_key: secret('API key of the project', 'LMNR_PROJECT_API_KEY'),
      url: address('address of Laminar', 'https://api.lmnr.ai', 'LMNR_BASE_URL'),
    },
    url: (values) => `${values.text('url')}/v1/traces`,
    headers: (values) => bearer(values.text('api_key')),
    attributes: ({ record }, role) =>
      role === 'request' ? metadataAttributes(record, 'lmnr.association.properties.metadata.') : null,
    gzip: false,
  }),
  otlpRow({
    id: 'agenta',
    title: 'Agenta',
    docs: 'https://docs.agenta.ai/observability/opentelemetry',
    settings: {
      api_key: secret('API key', 'AGENTA_API_KEY'),
      url: address('address of Agenta', 'https://cloud.agenta.ai', 'AGENTA_HOST'),
    },
    url: (values) => `${values.text('url')}/api/otlp/v1/traces`,
    headers: (values) => ({ authorization: `ApiKey ${values.text('api_key')}` }),
    gzip: false,
  }),
];
