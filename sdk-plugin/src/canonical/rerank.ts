import type { JsonObject } from '../json.js';
import type { Usage } from './usage.js';

/** What is ranked: a text, or fields that some models read one by one. */
export type RerankDocument = { text: string } | { fields: JsonObject };

/** A request to order documents by how well they fit a query, in the hub. */
export interface RerankRequest {
  operation: 'rerank';
  /** Id of the wire format it was decoded from. */
  origin: string;
  /** The model as the client wrote it. */
  model: string;
  query: string;
  documents: RerankDocument[];
  /** How many of the best are wanted; absent: all. */
  top?: number;
  /** Results should hold their documents. */
  returnDocuments?: boolean;
  /** Which fields are read, in this order. */
  rankFields?: string[];
  maxTokensPerDocument?: number;
  maxChunksPerDocument?: number;
  /** False: what is too long is an error. */
  truncate?: boolean;
  user?: string;
  /** Unknown top-level fields, as they came. */
  extra?: JsonObject;
}

export interface RerankResult {
  /** Of the document in the request. */
  index: number;
  score: number;
  document?: RerankDocument;
}

export interface RerankAnswer {
  operation: 'rerank';
  /** Id of the wire format it was decoded from. */
  origin: string;
  id: string;
  model: string;
  /** The best first. */
  results: RerankResult[];
  usage: Usage | null;
  /** What Cohere charges by: a query with up to 100 documents. */
  searchUnits?: number;
  extra?: JsonObject;
}
