import type { Framing } from '@headgate/sdk';

/** A path of a client API and the wire format that is spoken there. */
export interface ClientPath {
  /** `{model}` stands for the model's name, slashes included; `{}` for one segment that means nothing here. */
  readonly path: string;
  readonly format: string;
  /** The same path under these serves SDKs that want a base of their own. */
  readonly prefixes: readonly string[];
  /** A regular expression for the models that are asked for in this format, where others share the path. */
  readonly models?: string;
  /** The path itself says that the answer is a stream. */
  readonly streams?: boolean;
  /** Framing of streams without `alt=sse` in the query. */
  readonly otherFraming?: Framing;
}

/** Where Google's SDKs put a model: the Gemini API, and Vertex AI with and without a project. */
const GOOGLE_MODELS = [
  '/v1beta/models/{model}',
  '/v1beta/tunedModels/{model}',
  '/v1/models/{model}',
  '/v1beta1/publishers/google/models/{model}',
  '/v1beta1/projects/{}/locations/{}/publishers/google/models/{model}',
  '/v1/projects/{}/locations/{}/publishers/google/models/{model}',
];

const openai = ['/openai'];
const anthropic = ['/anthropic'];
const genai = ['/genai'];
const bedrock = ['/bedrock'];
const cohere = ['/cohere'];
const ollama = ['/ollama'];

/** Bedrock's models have bodies of their own at one path: the name says which. Others are only forwarded. */
const INVOKED = [
  { models: '.*titan-embed.*', format: 'bedrock-titan-embed' },
  { models: '.*cohere\\.embed.*', format: 'bedrock-cohere-embed' },
  { models: '.*(?:cohere|amazon)\\.rerank.*', format: 'bedrock-rerank' },
];

/** Client API paths and their wire formats. */
export const clientPaths: readonly ClientPath[] = [
  { path: '/v1/chat/completions', format: 'openai-chat', prefixes: openai },
  { path: '/v1/completions', format: 'openai-completions', prefixes: openai },
  { path: '/v1/responses', format: 'openai-responses', prefixes: openai },
  { path: '/v1/responses/input_tokens', format: 'openai-input-tokens', prefixes: openai },
  { path: '/v1/embeddings', format: 'openai-embeddings', prefixes: openai },
  { path: '/v1/messages', format: 'anthropic-messages', prefixes: anthropic },
  { path: '/v1/messages/count_tokens', format: 'anthropic-count-tokens', prefixes: anthropic },
  ...GOOGLE_MODELS.flatMap((model): ClientPath[] => [
    { path: `${model}:generateContent`, format: 'gemini', prefixes: genai },
    {
      path: `${model}:streamGenerateContent`,
      format: 'gemini',
      prefixes: genai,
      streams: true,
      otherFraming: 'json-array',
    },
    {
      path: `${model}:countTokens`,
      format: model.includes('/publishers/') ? 'vertex-count-tokens' : 'gemini-count-tokens',
      prefixes: genai,
    },
    { path: `${model}:embedContent`, format: 'gemini-embed', prefixes: genai },
    { path: `${model}:batchEmbedContents`, format: 'gemini-batch-embed', prefixes: genai },
    {
      path: `${model}:predict`,
      format: 'vertex-embeddings',
      prefixes: genai,
      models: '[^/]*(?:text|gemini)[^/]*embedding[^/]*',
    },
  ]),
  { path: '/model/{model}/converse', format: 'bedrock-converse', prefixes: bedrock },
  { path: '/model/{model}/converse-stream', format: 'bedrock-converse', prefixes: bedrock, streams: true },
  { path: '/model/{model}/count-tokens', format: 'bedrock-count-tokens', prefixes: bedrock },
  ...INVOKED.map(({ models, format }) => ({
    path: '/model/{model}/invoke',
    format,
    prefixes: bedrock,
    models,
  })),
  { path: '/v2/chat', format: 'cohere-chat', prefixes: cohere },
  { path: '/v2/embed', format: 'cohere-embed', prefixes: cohere },
  { path: '/v1/embed', format: 'cohere-embed-v1', prefixes: cohere },
  { path: '/v2/rerank', format: 'cohere-rerank', prefixes: cohere },
  { path: '/v1/rerank', format: 'rerank', prefixes: ['/openai', '/cohere', '/jina'] },
  { path: '/rerank', format: 'rerank', prefixes: [] },
  { path: '/voyage/v1/rerank', format: 'voyage-rerank', prefixes: [] },
  { path: '/api/chat', format: 'ollama-chat', prefixes: ollama },
  { path: '/api/generate', format: 'ollama-generate', prefixes: ollama },
  { path: '/api/embed', format: 'ollama-embed', prefixes: ollama },
  { path: '/api/embeddings', format: 'ollama-embeddings', prefixes: ollama },
];
