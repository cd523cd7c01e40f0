import type { FoundRow } from './catalog.js';

/** How long a conversation may be, in tokens; null where no source says. */
export interface ModelInfo {
  readonly contextWindow: number | null;
  readonly maxOutputTokens: number | null;
}

/** The best row that knows each limit: genai-prices lists windows only, LiteLLM the length of answers too. */
export function modelInfo(rows: readonly FoundRow[]): ModelInfo | null {
  const contextWindow = rows.find(({ row }) => row.ctx !== undefined)?.row.ctx ?? null;
  const maxOutputTokens = rows.find(({ row }) => row.max !== undefined)?.row.max ?? null;
  return contextWindow === null && maxOutputTokens === null ? null : { contextWindow, maxOutputTokens };
}
