import type { FinishReason } from '@headgate/sdk';

/** Wire format id of `POST …/models/{model}:generateContent` and `:streamGenerateContent`. */
export const GEMINI = 'gemini';
/** Wire format id of `POST …/models/{model}:countTokens`. */
export const GEMINI_COUNT_TOKENS = 'gemini-count-tokens';
/** The same in Vertex AI's form. */
export const VERTEX_COUNT_TOKENS = 'vertex-count-tokens';

/** All of the family: their `extra` bags fit each other. */
export function isGemini(origin: string): boolean {
  return origin === GEMINI || origin === GEMINI_COUNT_TOKENS || origin === VERTEX_COUNT_TOKENS;
}

/** What OpenRouter names Gemini's signatures; codecs that look at it do not send them to another provider. */
export const SIGNATURE_FORMAT = 'google-gemini-v1';

/** Top-level request members that the hub has a name for; all others travel in `extra`. */
export const REQUEST_KEYS: ReadonlySet<string> = new Set([
  'model',
  'contents',
  'systemInstruction',
  'tools',
  'toolConfig',
  'generationConfig',
  'labels',
  'serviceTier',
]);

/** Members that are only spelled in camelCase; the hub has no name for them. */
export const OTHER_REQUEST_KEYS: readonly string[] = ['safetySettings', 'cachedContent', 'modelArmorConfig'];

const FINISH: Record<string, FinishReason> = {
  STOP: 'stop',
  MAX_TOKENS: 'length',
  SAFETY: 'content-filter',
  RECITATION: 'content-filter',
  BLOCKLIST: 'content-filter',
  PROHIBITED_CONTENT: 'content-filter',
  SPII: 'content-filter',
  MODEL_ARMOR: 'content-filter',
  IMAGE_SAFETY: 'content-filter',
  IMAGE_PROHIBITED_CONTENT: 'content-filter',
  IMAGE_RECITATION: 'content-filter',
  CONTINUATION: 'pause',
};

/** Gemini ends an answer with tool calls with `STOP` like any other. `called`: the answer holds a tool call. */
export function finishOf(raw: string, called: boolean): FinishReason {
  const reason = Object.hasOwn(FINISH, raw) ? (FINISH[raw] as FinishReason) : 'other';
  return reason === 'stop' && called ? 'tool-calls' : reason;
}

const WORDS: Record<FinishReason, string> = {
  stop: 'STOP',
  'stop-sequence': 'STOP',
  length: 'MAX_TOKENS',
  'tool-calls': 'STOP',
  'content-filter': 'SAFETY',
  refusal: 'SAFETY',
  pause: 'OTHER',
  other: 'OTHER',
};

export function finishWord(reason: FinishReason, raw: string | undefined, same: boolean): string {
  return same && raw !== undefined ? raw : WORDS[reason];
}
