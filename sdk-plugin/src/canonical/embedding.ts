import type { JsonObject } from '../json.js';
import type { Usage } from './usage.js';

/** `url` is an address or a data URL. */
export type EmbeddingPart = { type: 'text'; text: string } | { type: 'image'; url: string };

/** What becomes one vector: a text, its tokens, a picture, or several of these together. */
export type EmbeddingInput =
  | EmbeddingPart
  | { type: 'tokens'; tokens: number[] }
  | { type: 'mixed'; parts: EmbeddingPart[] };

/** What a vector is for. `document` is what is searched, `query` what it is searched with. */
export type EmbeddingPurpose =
  | 'document'
  | 'query'
  | 'similarity'
  | 'classification'
  | 'clustering'
  | 'code-query'
  | 'question'
  | 'fact';

/** `binary` and `ubinary`: eight dimensions a number, signed or not. */
export type VectorType = 'float' | 'int8' | 'uint8' | 'binary' | 'ubinary';

/** How vectors should come: as lists of numbers, or as the base64 of their bytes (floats are little-endian, of 32 bits). */
export interface VectorEncoding {
  type: VectorType;
  base64: boolean;
}

/** A request for vectors, in the hub. */
export interface EmbeddingRequest {
  operation: 'embedding';
  /** Id of the wire format it was decoded from. */
  origin: string;
  /** The model as the client wrote it. */
  model: string;
  inputs: EmbeddingInput[];
  purpose?: EmbeddingPurpose;
  /** The client's own word for the purpose, for formats of the same family. */
  purposeRaw?: string;
  /** Of the documents (Google). */
  title?: string;
  dimensions?: number;
  /** Empty: whatever is usual. */
  encodings: VectorEncoding[];
  /** What of an input that is too long is cut off; `none`: then it is an error. */
  truncate?: 'start' | 'end' | 'none';
  /** False: vectors keep their length. */
  normalize?: boolean;
  user?: string;
  /** Unknown top-level fields, as they came. */
  extra?: JsonObject;
}

/** One input's vector in each of the types that came, as numbers or as the base64 of their bytes. */
export type EmbeddingVector = { [type in VectorType]?: readonly number[] | string };

export interface EmbeddingAnswer {
  operation: 'embedding';
  /** Id of the wire format it was decoded from. */
  origin: string;
  id: string;
  model: string;
  /** In the order of the inputs. */
  vectors: EmbeddingVector[];
  usage: Usage | null;
  extra?: JsonObject;
}
