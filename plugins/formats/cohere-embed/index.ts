import type {
  EmbeddingAnswer,
  EmbeddingRequest,
  JsonObject,
  TaskCodec,
  Usage,
  WireFormat,
} from '@headgate/sdk';
import {
  decodeEmbedAnswer,
  decodeEmbedRequest,
  embeddingsByType,
  encodeEmbedRequest,
  textsAsked,
} from '../shared/cohere-embed.js';
import { cohereError } from '../shared/cohere-error.js';
import { billedUsage, cohereTaskMeter } from '../shared/cohere-meta.js';
import * as read from '../shared/read-json.js';

const COHERE_EMBED = 'cohere-embed';
const COHERE_EMBED_V1 = 'cohere-embed-v1';
const KIN = [COHERE_EMBED, COHERE_EMBED_V1];

/** A call takes no more. */
const MAX_INPUTS = 96;

function decodeAnswer(body: Parameters<typeof decodeEmbedAnswer>[0], origin: string): EmbeddingAnswer {
  const answer = decodeEmbedAnswer(body, origin);
  const usage: Usage | null = read.isObject(body) ? billedUsage(body['meta']) : null;
  return { ...answer, usage };
}

function meta(answer: EmbeddingAnswer, version: string): JsonObject {
  const json: JsonObject = { api_version: { version } };
  const tokens = answer.usage?.inputTokens;
  if (tokens !== undefined) json['billed_units'] = { input_tokens: tokens };
  return json;
}

const v2: TaskCodec<EmbeddingRequest, EmbeddingAnswer> = {
  decodeRequest: (body) => decodeEmbedRequest(body, COHERE_EMBED, read.needString(body, 'model', '')),
  encodeRequest: (request, context) => ({
    model: context.model,
    ...encodeEmbedRequest(request, context, KIN),
  }),
  decodeAnswer: (body) => decodeAnswer(body, COHERE_EMBED),
  encodeAnswer(answer, asked) {
    const texts = textsAsked(asked);
    return {
      ...(KIN.includes(answer.origin) ? answer.extra : undefined),
      id: answer.id,
      embeddings: embeddingsByType(answer, asked),
      ...(texts.length > 0 && { texts }),
      meta: meta(answer, '2'),
      response_type: 'embeddings_by_type',
    };
  },
  maxInputs: () => MAX_INPUTS,
};

/** Its answers hold bare floats unless types were asked for. */
const v1: TaskCodec<EmbeddingRequest, EmbeddingAnswer> = {
  ...v2,
  decodeRequest: (body) => decodeEmbedRequest(body, COHERE_EMBED_V1, read.needString(body, 'model', '')),
  decodeAnswer: (body) => decodeAnswer(body, COHERE_EMBED_V1),
  encodeAnswer(answer, asked) {
    const byType = embeddingsByType(answer, asked);
    const bare = asked.encodings.length === 0;
    return {
      ...(KIN.includes(answer.origin) ? answer.extra : undefined),
      id: answer.id,
      texts: textsAsked(asked),
      embeddings: bare ? (byType['float'] ?? []) : byType,
      meta: meta(answer, '1'),
      response_type: bare ? 'embeddings_floats' : 'embeddings_by_type',
    };
  },
};

const meter = cohereTaskMeter();

function embed(id: string, task: TaskCodec<EmbeddingRequest, EmbeddingAnswer>): WireFormat {
  return {
    id,
    operation: 'embedding',
    requestIdHeader: 'x-request-id',
    task,
    error: cohereError,
    meter,
    fields: [],
  };
}

/** `POST /v2/embed`, https://docs.cohere.com/reference/embed, and `POST /v1/embed`, its older form. */
export const cohereEmbed = embed(COHERE_EMBED, v2);
export const cohereEmbedV1 = embed(COHERE_EMBED_V1, v1);
