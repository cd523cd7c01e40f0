import type { JsonObject, JsonValue } from '../json.js';
import type { Part } from './part.js';
import type { Usage } from './usage.js';

/**
 * Why the answer ended. `stop`: the model was done. `stop-sequence`: it wrote one of the stop strings.
 * `pause`: a long server-side turn to be continued (Anthropic `pause_turn`). `other` keeps the provider's own word in
 * `Choice.finishRaw`.
 */
export type FinishReason =
  | 'stop'
  | 'stop-sequence'
  | 'length'
  | 'tool-calls'
  | 'content-filter'
  | 'refusal'
  | 'pause'
  | 'other';

export interface Choice {
  index: number;
  parts: Part[];
  finish: FinishReason | null;
  /** The provider's own word, when re-encoding to the same format should repeat it. */
  finishRaw?: string;
  /** Which stop string was hit, when the provider says it. */
  stopSequence?: string;
  logprobs?: JsonValue;
  extra?: JsonObject;
}

/** A whole, non-streamed answer in the hub. */
export interface CanonicalResponse {
  /** Id of the wire format it was decoded from. */
  origin: string;
  id: string;
  model: string;
  /** Unix seconds. */
  created: number;
  choices: Choice[];
  usage: Usage | null;
  serviceTier?: string;
  extra?: JsonObject;
}
