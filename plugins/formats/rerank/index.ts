import type {
  AnswerContext,
  JsonValue,
  RerankAnswer,
  RerankRequest,
  TaskCodec,
  WireFormat,
} from '@headgate/sdk';
import { emptyUsage } from '@headgate/sdk';
import { bedrockError } from '../shared/bedrock-error.js';
import { cohereError } from '../shared/cohere-error.js';
import { openaiError } from '../shared/openai-error.js';
import * as read from '../shared/read-json.js';
import {
  decodeAnswer,
  encodeBedrockAnswer,
  encodeCohereAnswer,
  encodeUsualAnswer,
  encodeVoyageAnswer,
} from './answer.js';
import { decodeRerank } from './request-decode.js';
import { encodeBedrock, encodeCohere, encodeTei, encodeUsual, encodeVoyage } from './request-encode.js';
import { COHERE_RERANK, RERANK } from './types.js';
import { rerankMeter } from './usage.js';

type Codec = TaskCodec<RerankRequest, RerankAnswer>;
type Side = Pick<Codec, 'encodeRequest' | 'encodeAnswer'>;

function format(id: string, side: Side, error: WireFormat['error']): WireFormat {
  const task: Codec = {
    decodeRequest: (body) => decodeRerank(body, id, read.needString(body, 'model', '')),
    decodeAnswer: (body, context) => decodeAnswer(body, context, id),
    ...side,
  };
  return {
    id,
    operation: 'rerank',
    requestIdHeader: 'x-request-id',
    task,
    error,
    meter: rerankMeter,
    fields: [],
  };
}

/**
 * `POST /v1/rerank`: Cohere's first version, https://docs.cohere.com/v1/reference/rerank, as Jina, vLLM, LiteLLM and
 * others have it.
 */
export const rerank = format(
  RERANK,
  { encodeRequest: encodeUsual, encodeAnswer: encodeUsualAnswer },
  openaiError,
);

/** `POST /v2/rerank`, https://docs.cohere.com/reference/rerank. */
export const cohereRerank = format(
  COHERE_RERANK,
  { encodeRequest: encodeCohere, encodeAnswer: encodeCohereAnswer },
  cohereError,
);

/** `POST /v1/rerank` of Voyage, https://docs.voyageai.com/reference/reranker-api. */
export const voyageRerank = format(
  'voyage-rerank',
  { encodeRequest: encodeVoyage, encodeAnswer: encodeVoyageAnswer },
  openaiError,
);

/** `POST /rerank` of Text Embeddings Inference, https://huggingface.github.io/text-embeddings-inference. A target only. */
export const teiRerank = format(
  'tei-rerank',
  { encodeRequest: encodeTei, encodeAnswer: encodeUsualAnswer },
  openaiError,
);

const BEDROCK_RERANK = 'bedrock-rerank';
const TOKENS = 'x-amzn-bedrock-input-token-count';

function decodeBedrockAnswer(body: JsonValue, context: AnswerContext<RerankRequest>): RerankAnswer {
  const answer = decodeAnswer(body, context, BEDROCK_RERANK);
  const counted = Number(context.header(TOKENS) ?? Number.NaN);
  if (answer.usage === null && counted > 0) answer.usage = { ...emptyUsage(), inputTokens: counted };
  return answer;
}

/** `POST /model/{modelId}/invoke` of Bedrock for its models that rank. */
export const bedrockRerank: WireFormat = {
  id: BEDROCK_RERANK,
  operation: 'rerank',
  modelIn: 'path',
  requestIdHeader: 'x-amzn-requestid',
  task: {
    decodeRequest: (body) => decodeRerank(body, BEDROCK_RERANK, ''),
    encodeRequest: encodeBedrock,
    decodeAnswer: decodeBedrockAnswer,
    encodeAnswer: encodeBedrockAnswer,
  } satisfies Codec,
  error: bedrockError,
  fields: [],
};
