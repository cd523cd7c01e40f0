import type { JsonObject, JsonValue } from '../json.js';

/** Where the bytes of a picture, sound or document are. */
export type MediaSource =
  | { kind: 'url'; url: string }
  /** `data` is standard base64 without a data-URL prefix. */
  | { kind: 'base64'; mediaType: string; data: string }
  /** A file kept by the provider, by its id. */
  | { kind: 'file'; id: string }
  /** Plain text given as a document. */
  | { kind: 'text'; mediaType: string; text: string };

/** A prompt-cache breakpoint after the part that carries it. `ttl` is the provider's default when absent. */
export interface CacheMark {
  ttl?: '5m' | '1h';
}

interface PartBase {
  cache?: CacheMark;
  /** Fields of the original part that the hub has no name for, kept for a target of the same format. */
  extra?: JsonObject;
}

export interface TextPart extends PartBase {
  type: 'text';
  text: string;
  /** Citations and annotations as the provider gave them. */
  citations?: JsonValue[];
}

export interface ImagePart extends PartBase {
  type: 'image';
  source: MediaSource;
  /** OpenAI's `detail`: `low`, `high` or `auto`. */
  detail?: string;
}

export interface AudioPart extends PartBase {
  type: 'audio';
  source: MediaSource;
  /** `wav`, `mp3`, … when the wire format names it apart from the media type. */
  format?: string;
}

export interface DocumentPart extends PartBase {
  type: 'document';
  source: MediaSource;
  /** File name or title. */
  name?: string;
  /** What the model should know about it that is not part of it, and is not cited. */
  context?: string;
  /** Whether the model is to cite it (Anthropic, Bedrock). */
  cited?: boolean;
}

/** What a model thought before it answered. Must be sent back unchanged in later turns where the provider signs it. */
export interface ReasoningPart extends PartBase {
  type: 'reasoning';
  text: string;
  /** The provider's proof that the text is its own (Anthropic `signature`). */
  signature?: string;
  /** Reasoning that only the provider can read (Anthropic `redacted_thinking.data`, OpenAI encrypted content). */
  encrypted?: string;
}

export interface RefusalPart extends PartBase {
  type: 'refusal';
  text: string;
}

export interface ToolCallPart extends PartBase {
  type: 'tool-call';
  id: string;
  name: string;
  /** The arguments as JSON text, exactly as they came: models may write invalid JSON and the client must see it. */
  arguments: string;
  /** It calls one of OpenAI's custom tools: `arguments` are free text. */
  custom?: true;
}

export interface ToolResultPart extends PartBase {
  type: 'tool-result';
  callId: string;
  content: Part[];
  isError?: boolean;
}

/** A part only its own wire format understands (server tools, search results, …). Dropped with a warning elsewhere. */
export interface OpaquePart extends PartBase {
  type: 'opaque';
  format: string;
  value: JsonObject;
}

export type Part =
  | TextPart
  | ImagePart
  | AudioPart
  | DocumentPart
  | ReasoningPart
  | RefusalPart
  | ToolCallPart
  | ToolResultPart
  | OpaquePart;
