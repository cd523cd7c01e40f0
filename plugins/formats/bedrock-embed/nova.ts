import {
  type EmbeddingAnswer,
  type EmbeddingPurpose,
  type EmbeddingRequest,
  type EmbeddingVector,
  type EncodeContext,
  type JsonObject,
  MalformedBody,
} from '@headgate/sdk';
import { partsOf } from '../shared/embedding-inputs.js';
import * as read from '../shared/read-json.js';
import { numbersIn } from '../shared/vector-bytes.js';

/**
 * Amazon Nova's multimodal embeddings: one text or picture a call,
 * https://docs.aws.amazon.com/nova/latest/userguide/embeddings-schema.html.
 */

const PURPOSES: Readonly<Record<EmbeddingPurpose, string>> = {
  document: 'GENERIC_INDEX',
  query: 'GENERIC_RETRIEVAL',
  'code-query': 'TEXT_RETRIEVAL',
  question: 'TEXT_RETRIEVAL',
  fact: 'TEXT_RETRIEVAL',
  similarity: 'CLUSTERING',
  classification: 'CLASSIFICATION',
  clustering: 'CLUSTERING',
};

const TRUNCATION = { start: 'START', end: 'END', none: 'NONE' } as const;

export function encodeNova(request: EmbeddingRequest, { warn }: EncodeContext): JsonObject {
  const parts = request.inputs.flatMap((input) => partsOf(input, 'Nova embeddings'));
  const [part] = parts;
  if (part === undefined || parts.length > 1)
    throw new MalformedBody(
      'the input holds several things for one vector, of which Nova takes one',
      'input',
    );
  const parameters: JsonObject = { embeddingPurpose: PURPOSES[request.purpose ?? 'document'] };
  if (request.dimensions !== undefined) parameters['embeddingDimension'] = request.dimensions;
  if (part.type === 'text')
    parameters['text'] = { truncationMode: TRUNCATION[request.truncate ?? 'end'], value: part.text };
  else {
    const [, format, bytes] = /^data:image\/([a-z]+);base64,(.*)$/s.exec(part.url) ?? [];
    if (format === undefined || bytes === undefined)
      throw new MalformedBody(
        'the input holds the address of a picture; Nova wants its bytes in base64',
        'input',
      );
    parameters['image'] = { format, source: { bytes } };
  }
  if (request.encodings.some(({ type }) => type !== 'float'))
    warn('encoding_format', "Nova's vectors are floats");
  if (request.title !== undefined) warn('title', 'Nova has no titles');
  if (request.normalize !== undefined) warn('normalize', 'Nova decides itself');
  if (request.user !== undefined) warn('user', 'Nova does not ask for end users');
  return {
    schemaVersion: 'nova-multimodal-embed-v1',
    taskType: 'SINGLE_EMBEDDING',
    singleEmbeddingParams: parameters,
  };
}

export function decodeNovaAnswer(body: JsonObject, origin: string): EmbeddingAnswer {
  const list = read.needArray(body, 'embeddings', '');
  return {
    operation: 'embedding',
    origin,
    id: '',
    model: '',
    vectors: list.map((_, i): EmbeddingVector => {
      const { embedding } = read.objectAt(list, i, 'embeddings');
      return { float: numbersIn(embedding, `embeddings[${i}].embedding`) };
    }),
    usage: null,
  };
}
