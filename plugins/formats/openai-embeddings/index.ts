import type {
  EmbeddingAnswer,
  EmbeddingRequest,
  Meter,
  TaskCodec,
  VectorType,
  WireFormat,
} from '@headgate/sdk';
import { openaiError } from '../shared/openai-error.js';
import { openaiMeter } from '../shared/openai-meter.js';
import { scannedString } from '../shared/scanned-field.js';
import { decodeAnswer, encodeAnswer } from './answer.js';
import { decodeRequest } from './request-decode.js';
import { encodeJina, encodeOpenai, encodeVoyage } from './request-encode.js';
import { JINA_TYPES, OPENAI_EMBEDDINGS, OPENAI_TYPES, VOYAGE_TYPES } from './types.js';

/**
 * `usage.prompt_tokens` stands after all vectors, so only the end of a body of many megabytes is looked at. There are
 * no streams of embeddings; the contract's stream meter is that of the family.
 */
const meter: Meter = { body: openaiMeter.body, stream: openaiMeter.stream };

interface Dialect {
  encodeRequest: TaskCodec<EmbeddingRequest, EmbeddingAnswer>['encodeRequest'];
  /** In which it can give vectors. */
  types: readonly VectorType[];
  /** The most inputs of a call. */
  maxInputs: number;
}

function embeddings(id: string, { encodeRequest, types, maxInputs }: Dialect): WireFormat {
  const task: TaskCodec<EmbeddingRequest, EmbeddingAnswer> = {
    decodeRequest,
    encodeRequest,
    decodeAnswer: (body, { request }) => decodeAnswer(body, typeAmong(request, types)),
    encodeAnswer,
    maxInputs: () => maxInputs,
  };
  return {
    id,
    operation: 'embedding',
    requestIdHeader: 'x-request-id',
    task,
    error: openaiError,
    meter,
    fields: ['user'],
    user: (fields) => scannedString(fields.json('user')),
  };
}

function typeAmong({ encodings }: EmbeddingRequest, types: readonly VectorType[]): VectorType {
  return encodings.find(({ type }) => types.includes(type))?.type ?? 'float';
}

/** `POST /v1/embeddings`, https://platform.openai.com/docs/api-reference/embeddings. */
export const openaiEmbeddings = embeddings(OPENAI_EMBEDDINGS, {
  encodeRequest: encodeOpenai,
  types: OPENAI_TYPES,
  maxInputs: 2048,
});

/** Targets only: clients of these two ask at OpenAI's path, and are understood there. */
export const voyageEmbeddings = embeddings('voyage-embeddings', {
  encodeRequest: encodeVoyage,
  types: VOYAGE_TYPES,
  maxInputs: 1000,
});
export const jinaEmbeddings = embeddings('jina-embeddings', {
  encodeRequest: encodeJina,
  types: JINA_TYPES,
  maxInputs: 2048,
});
