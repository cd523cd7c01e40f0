import {
  type AnswerContext,
  type EmbeddingAnswer,
  type EmbeddingRequest,
  type EncodeContext,
  emptyUsage,
  type JsonObject,
  type JsonValue,
  MalformedBody,
  type TaskCodec,
  type WireFormat,
} from '@headgate/sdk';
import { bedrockError } from '../shared/bedrock-error.js';
import {
  decodeEmbedAnswer,
  decodeEmbedRequest,
  embeddingsByType,
  encodeEmbedRequest,
  textsAsked,
} from '../shared/cohere-embed.js';
import * as read from '../shared/read-json.js';
import { decodeNovaAnswer, encodeNova } from './nova.js';
import { decodeTitan, decodeTitanAnswer, encodeTitan, encodeTitanAnswer } from './titan.js';

/**
 * `POST /model/{modelId}/invoke` of Bedrock for its models of embeddings, each of which has a body of its own:
 * https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html.
 */
const BEDROCK_EMBED = 'bedrock-embed';
const BEDROCK_TITAN_EMBED = 'bedrock-titan-embed';
const BEDROCK_COHERE_EMBED = 'bedrock-cohere-embed';

/** Tokens of the input, where the body does not say them. */
const TOKENS = 'x-amzn-bedrock-input-token-count';

const COHERE_MAX = 96;

type Codec = TaskCodec<EmbeddingRequest, EmbeddingAnswer>;

/** By the model's name, which may stand in an ARN: whoever made it decides what it understands. */
function encodeRequest(request: EmbeddingRequest, context: EncodeContext): JsonObject {
  const { model } = context;
  if (model.includes('cohere')) return encodeEmbedRequest(request, context, [BEDROCK_COHERE_EMBED]);
  if (model.includes('nova')) return encodeNova(request, context);
  return encodeTitan(request, context, request.origin === BEDROCK_TITAN_EMBED);
}

function decodeAnswer(body: JsonValue, { header }: AnswerContext<EmbeddingRequest>): EmbeddingAnswer {
  if (!read.isObject(body)) throw new MalformedBody('it is not a JSON object');
  const answer = answerFrom(body);
  const counted = Number(header(TOKENS) ?? Number.NaN);
  if (answer.usage === null && counted >= 0) answer.usage = { ...emptyUsage(), inputTokens: counted };
  return answer;
}

function answerFrom(body: JsonObject): EmbeddingAnswer {
  const { embeddings } = body;
  if (embeddings === undefined) return decodeTitanAnswer(body, BEDROCK_EMBED);
  if (Array.isArray(embeddings) && read.isObject(embeddings[0])) return decodeNovaAnswer(body, BEDROCK_EMBED);
  return decodeEmbedAnswer(body, BEDROCK_EMBED);
}

const target: Codec = {
  // Clients ask by the formats of the models: there is no path at which any could be meant.
  decodeRequest() {
    throw new MalformedBody('the model of this body is not known');
  },
  encodeRequest,
  decodeAnswer,
  encodeAnswer: (answer, asked) => encodeTitanAnswer(answer, asked),
  maxInputs: (model) => (model.includes('cohere') ? COHERE_MAX : 1),
};

const titan: Codec = {
  ...target,
  decodeRequest: (body) => decodeTitan(body, BEDROCK_TITAN_EMBED),
};

const cohere: Codec = {
  ...target,
  decodeRequest: (body) => decodeEmbedRequest(body, BEDROCK_COHERE_EMBED, ''),
  encodeAnswer(answer, asked) {
    const byType = embeddingsByType(answer, asked);
    const bare = asked.encodings.length === 0;
    return {
      id: answer.id,
      texts: textsAsked(asked),
      embeddings: bare ? (byType['float'] ?? []) : byType,
      response_type: bare ? 'embeddings_floats' : 'embeddings_by_type',
    };
  },
};

function format(id: string, task: Codec): WireFormat {
  return {
    id,
    operation: 'embedding',
    modelIn: 'path',
    requestIdHeader: 'x-amzn-requestid',
    task,
    error: bedrockError,
    fields: [],
  };
}

/** What providers speak; the model decides the body. */
export const bedrockEmbed = format(BEDROCK_EMBED, target);
/** What clients speak that name one of Titan's models, or one of Cohere's. */
export const bedrockTitanEmbed = format(BEDROCK_TITAN_EMBED, titan);
export const bedrockCohereEmbed = format(BEDROCK_COHERE_EMBED, cohere);
