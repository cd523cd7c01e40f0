import type { EmbeddingAnswer, EmbeddingRequest } from './canonical/embedding.js';
import type { RerankAnswer, RerankRequest } from './canonical/rerank.js';
import type { EncodeContext } from './format.js';
import type { JsonObject, JsonValue } from './json.js';

/** A request in the hub that is no chat: it asks for one thing and is answered whole. `operation` tells them apart. */
export type TaskRequest = EmbeddingRequest | RerankRequest;
export type TaskAnswer = EmbeddingAnswer | RerankAnswer;

/** What a codec must know to read an answer. */
export interface AnswerContext<Asked extends TaskRequest> {
  /** The request that it answers; of a request that was divided, the part. */
  request: Asked;
  /** A header of the answer, by its lower-case name. */
  header(name: string): string | undefined;
}

/**
 * Requests and answers of one wire format that is no chat. Answers are written for the request they answer, since that
 * says how they should come (vectors in base64, documents repeated).
 */
export interface TaskCodec<Asked extends TaskRequest = TaskRequest, Answer extends TaskAnswer = TaskAnswer> {
  /** Throws MalformedBody when the body cannot be understood. */
  decodeRequest(body: JsonObject): Asked;
  encodeRequest(request: Asked, context: EncodeContext): JsonObject;
  /** Throws MalformedBody, as for a request. */
  decodeAnswer(body: JsonValue, context: AnswerContext<Asked>): Answer;
  encodeAnswer(answer: Answer, asked: Asked): JsonValue;
  /**
   * The most inputs that the provider takes at a time for this model. A request with more is sent in parts, whose answers
   * are put together again. Absent: as many as there are.
   */
  maxInputs?(model: string): number;
}
