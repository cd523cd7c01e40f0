import type { JsonObject, JsonValue } from '../json.js';
import type { CacheMark, Part } from './part.js';

/** `developer` is OpenAI's newer word for `system`; kept apart so that a round trip changes nothing. */
export type Role = 'system' | 'developer' | 'user' | 'assistant' | 'tool';

export interface Message {
  role: Role;
  parts: Part[];
  /** OpenAI's participant name. */
  name?: string;
  extra?: JsonObject;
}

/** A function the model may call, or a tool that only the origin format knows (`kind: 'opaque'`). */
export type Tool =
  | {
      kind: 'function';
      name: string;
      description?: string;
      /** JSON Schema of the arguments. */
      parameters?: JsonObject;
      strict?: boolean;
      cache?: CacheMark;
      extra?: JsonObject;
    }
  | { kind: 'opaque'; format: string; value: JsonObject };

export type ToolChoice =
  | { mode: 'auto' }
  | { mode: 'none' }
  /** Any tool, but one must be called (OpenAI `required`, Anthropic `any`). */
  | { mode: 'required' }
  | { mode: 'tool'; name: string }
  | { mode: 'opaque'; format: string; value: JsonValue };

export type OutputFormat =
  | { type: 'text' }
  | { type: 'json' }
  | { type: 'json-schema'; name?: string; description?: string; schema: JsonObject; strict?: boolean };

/** How hard the model should think. A codec fills what its format says and derives the rest when encoding. */
export interface ReasoningRequest {
  /** False when the client switched reasoning off explicitly. */
  enabled?: boolean;
  effort?: 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max';
  /** Tokens the model may spend on reasoning (Anthropic `budget_tokens`). */
  budgetTokens?: number;
  extra?: JsonObject;
}

export interface Sampling {
  temperature?: number;
  topP?: number;
  topK?: number;
  frequencyPenalty?: number;
  presencePenalty?: number;
  seed?: number;
  stop?: string[];
  /** Log probabilities asked for; `top` alternatives per token. */
  logprobs?: { top?: number };
  logitBias?: Record<string, number>;
}

/**
 * A chat-like request in the hub. A superset of what the wire formats say: what a format cannot express is dropped
 * by its codec with a warning, never silently.
 */
export interface CanonicalRequest {
  /** Id of the wire format it was decoded from, e.g. `openai-chat`. `extra` bags are only re-encoded to that format. */
  origin: string;
  /** The model as the client wrote it; the encoder of an attempt writes the target's name instead. */
  model: string;
  messages: Message[];
  tools?: Tool[];
  toolChoice?: ToolChoice;
  /** False forbids more than one tool call in an answer. */
  parallelToolCalls?: boolean;
  output?: OutputFormat;
  sampling: Sampling;
  /** Upper bound of output tokens, reasoning included where the provider counts it so. */
  maxOutputTokens?: number;
  reasoning?: ReasoningRequest;
  /** Number of answers asked for; 1 when absent. */
  choices?: number;
  stream: boolean;
  /** The client asked for usage in the stream itself (OpenAI `stream_options.include_usage`). */
  streamUsage?: boolean;
  /** The end user's id (OpenAI `user`, Anthropic `metadata.user_id`). */
  user?: string;
  metadata?: Record<string, string>;
  serviceTier?: string;
  /** Unknown top-level fields, as they came. */
  extra?: JsonObject;
}
