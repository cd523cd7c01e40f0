import type { JsonObject, JsonValue } from '../json.js';
import type { CanonicalError } from './error.js';
import type { FinishReason } from './response.js';
import type { Usage } from './usage.js';

/** What a streamed part is. Whole parts that never stream (pictures, opaque blocks) arrive as `part-whole`. */
export type PartKind = 'text' | 'reasoning' | 'refusal' | 'tool-call';

/**
 * A streamed answer in the hub: start, deltas and end of each part, with ids. Order is guaranteed by the decoders:
 * `start`, then per part `part-start`, `part-delta`…, `part-end`, then `finish` per choice, then `end`.
 * Parts are numbered per choice from 0 in order of their start; several tool calls may be open at once.
 */
export type StreamEvent =
  | {
      type: 'start';
      id: string;
      model: string;
      /** Unix seconds. */
      created: number;
      /** Id of the wire format it was decoded from; `extra` and citations are only re-encoded to that format. */
      origin?: string;
      serviceTier?: string;
      extra?: JsonObject;
    }
  | {
      type: 'part-start';
      choice: number;
      part: number;
      kind: PartKind;
      toolCallId?: string;
      toolName?: string;
      /** The call is one of a custom tool, see `ToolCallPart`. */
      custom?: true;
      /** Fields of the original part that the hub has no name for. */
      extra?: JsonObject;
    }
  | {
      type: 'part-delta';
      choice: number;
      part: number;
      /** Text, reasoning, refusal, or a fragment of a tool call's JSON arguments. */
      text: string;
      /** A signature of the reasoning so far; `text` is empty then. */
      signature?: string;
      /** Reasoning only the provider can read; `text` is empty then. */
      encrypted?: string;
      citation?: JsonValue;
      logprobs?: JsonValue;
    }
  | { type: 'part-end'; choice: number; part: number }
  | { type: 'part-whole'; choice: number; part: number; format: string; value: JsonObject }
  | {
      type: 'finish';
      choice: number;
      reason: FinishReason;
      /** The provider's own word, when re-encoding to the same format should repeat it. */
      raw?: string;
      stopSequence?: string;
      extra?: JsonObject;
    }
  /** Cumulative: the last one counts. */
  | { type: 'usage'; usage: Usage }
  /** Keep-alive. */
  | { type: 'ping' }
  | { type: 'error'; error: CanonicalError }
  | { type: 'end' };
