import {
  type EncodeContext,
  type JsonObject,
  type JsonValue,
  MalformedBody,
  type RerankDocument,
  type RerankRequest,
} from '@headgate/sdk';
import { COHERE_RERANK, RERANK } from './types.js';

/** The one text of a document, for an API that takes nothing else: fields one below the other, as YAML has them. */
export function textOf(document: RerankDocument, fields: readonly string[] | undefined): string {
  if ('text' in document) return document.text;
  const names = fields ?? Object.keys(document.fields);
  const lines = names.flatMap((name) => {
    const value = document.fields[name];
    if (value === undefined || value === null) return [];
    return [`${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`];
  });
  if (lines.length === 0)
    throw new MalformedBody('a document has none of the fields to rank by', 'rank_fields');
  return lines.join('\n');
}

function texts({ documents, rankFields }: RerankRequest): string[] {
  return documents.map((document) => textOf(document, rankFields));
}

function extraOf({ origin, extra }: RerankRequest): JsonObject | undefined {
  return origin === RERANK || origin === COHERE_RERANK ? extra : undefined;
}

/** Members that several have in common. `has`: what this API has words for. */
function common(request: RerankRequest, { warn }: EncodeContext, has: readonly string[]): JsonObject {
  const all: Record<string, JsonValue | undefined> = {
    rank_fields: request.rankFields,
    max_tokens_per_doc: request.maxTokensPerDocument,
    max_chunks_per_doc: request.maxChunksPerDocument,
    truncation: request.truncate,
    user: request.user,
  };
  const body: JsonObject = {};
  for (const [name, value] of Object.entries(all)) {
    if (value === undefined) continue;
    if (has.includes(name)) body[name] = value;
    // Fields that were joined into a text have been ranked by.
    else if (name !== 'rank_fields') warn(name, "the model's API has no word for it");
  }
  return body;
}

/** The form that Jina, vLLM and most others took over from Cohere's first. */
export function encodeUsual(request: RerankRequest, context: EncodeContext): JsonObject {
  const body: JsonObject = {
    ...extraOf(request),
    model: context.model,
    query: request.query,
    documents: request.documents.map((one) => ('text' in one ? one.text : one.fields)),
    ...common(request, context, ['rank_fields', 'max_tokens_per_doc', 'max_chunks_per_doc', 'user']),
  };
  if (request.top !== undefined) body['top_n'] = request.top;
  // Asked for whatever the client wants: the gateway has the documents.
  body['return_documents'] = false;
  return body;
}

/** `POST /v2/rerank`, https://docs.cohere.com/reference/rerank. */
export function encodeCohere(request: RerankRequest, context: EncodeContext): JsonObject {
  const body: JsonObject = {
    ...extraOf(request),
    model: context.model,
    query: request.query,
    documents: texts(request),
    ...common(request, context, ['max_tokens_per_doc']),
  };
  if (request.top !== undefined) body['top_n'] = request.top;
  return body;
}

/** `POST /v1/rerank` of Voyage, https://docs.voyageai.com/reference/reranker-api. */
export function encodeVoyage(request: RerankRequest, context: EncodeContext): JsonObject {
  const body: JsonObject = {
    model: context.model,
    query: request.query,
    documents: texts(request),
    ...common(request, context, ['truncation']),
  };
  if (request.top !== undefined) body['top_k'] = request.top;
  return body;
}

/** `POST /rerank` of Text Embeddings Inference, which has one model and ranks all there are. */
export function encodeTei(request: RerankRequest, context: EncodeContext): JsonObject {
  const { truncation, ...rest } = common(request, context, ['truncation']);
  const body: JsonObject = { query: request.query, texts: texts(request), ...rest };
  if (truncation !== undefined) body['truncate'] = truncation;
  return body;
}

/** Bedrock's rerankers, by `invoke`: Cohere's wants to be told which version of its API is meant. */
export function encodeBedrock(request: RerankRequest, context: EncodeContext): JsonObject {
  const cohere = context.model.includes('cohere');
  const body: JsonObject = {
    query: request.query,
    documents: texts(request),
    ...common(request, context, cohere ? ['max_tokens_per_doc'] : []),
  };
  if (request.top !== undefined) body['top_n'] = request.top;
  if (cohere) body['api_version'] = 2;
  return body;
}
