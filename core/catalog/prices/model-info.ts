import { type Capability, capabilitiesOf } from './capabilities.js';
import type { FoundRow } from './catalog.js';

/** What is known of a model beside its price; null where no source says. */
export interface ModelInfo {
  /** Tokens that a conversation may have. */
  readonly contextWindow: number | null;
  readonly maxOutputTokens: number | null;
  readonly capabilities: readonly Capability[] | null;
  /** `embedding`, `image`, `speech`, …; null for a model that chats, or of which nobody knows. */
  readonly mode: string | null;
}

/** The best row that knows each of them: genai-prices lists windows only, LiteLLM the rest too. */
export function modelInfo(rows: readonly FoundRow[]): ModelInfo | null {
  const first = <K extends 'ctx' | 'max' | 'can' | 'mode'>(key: K) =>
    rows.find(({ row }) => row[key] !== undefined)?.row[key] ?? null;
  const letters = first('can');
  const info: ModelInfo = {
    contextWindow: first('ctx'),
    maxOutputTokens: first('max'),
    capabilities: letters === null ? null : capabilitiesOf(letters),
    mode: first('mode'),
  };
  return Object.values(info).every((value) => value === null) ? null : info;
}
