import { type Answer, fragments, tokensOf } from './answer.js';
import type { Json } from './json-value.js';

/** Google's `usageMetadata`: thoughts stand beside the candidates, and what is zero is left out. */
function usageMetadata(answer: Answer): Json {
  const tokens = tokensOf(answer);
  return {
    promptTokenCount: tokens.input,
    candidatesTokenCount: tokens.output - tokens.reasoning,
    totalTokenCount: tokens.input + tokens.output,
    ...(tokens.cacheRead > 0 ? { cachedContentTokenCount: tokens.cacheRead } : {}),
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: tokens.input }],
    ...(tokens.reasoning > 0 ? { thoughtsTokenCount: tokens.reasoning } : {}),
  };
}

/** Before the end the counts of the answer are not there yet. */
function earlyUsage(answer: Answer): Json {
  const { input } = tokensOf(answer);
  return {
    promptTokenCount: input,
    totalTokenCount: input,
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: input }],
  };
}

const finishOf = (answer: Answer): string =>
  answer.finish ?? (answer.refusal === undefined ? 'STOP' : 'SAFETY');

const tail = (model: string, number: number): Json => ({
  modelVersion: model,
  responseId: `fake-gemini-${number}`,
});

function parsed(text: string): unknown {
  try {
    return JSON.parse(text === '' ? '{}' : text);
  } catch {
    return {};
  }
}

/** Calls come whole, also in streams; the first one carries the signature. */
function callParts(answer: Answer): Json[] {
  return (answer.toolCalls ?? []).map((call, index) => ({
    functionCall: {
      ...(call.id === undefined ? {} : { id: call.id }),
      name: call.name,
      args: parsed(call.arguments),
    },
    ...(index === 0 && answer.signature !== undefined ? { thoughtSignature: answer.signature } : {}),
  }));
}

function candidate(parts: Json[], finish: string | undefined): Json {
  return {
    ...(parts.length > 0 ? { content: { parts, role: 'model' } } : {}),
    ...(finish === undefined ? {} : { finishReason: finish }),
    index: 0,
  };
}

/** A whole `GenerateContentResponse`. */
export function content(model: string, answer: Answer, number: number): Json {
  const parts: Json[] = [];
  if (answer.thinking !== undefined) parts.push({ text: answer.thinking, thought: true });
  if (answer.text !== undefined) parts.push({ text: answer.text });
  parts.push(...callParts(answer));
  return {
    candidates: [candidate(parts, finishOf(answer))],
    usageMetadata: usageMetadata(answer),
    ...tail(model, number),
  };
}

/** The pieces of a streamed answer. The last one has the finish reason, and nothing follows it. */
export function* contentPieces(model: string, answer: Answer, number: number): Generator<Json> {
  const pieces: Json[][] = [];
  for (const text of fragments(answer.thinking ?? '')) pieces.push([{ text, thought: true }]);
  for (const text of fragments(answer.text ?? '')) pieces.push([{ text }]);
  const calls = callParts(answer);
  if (calls.length > 0) pieces.push(calls);
  const last = pieces.pop() ?? [];
  for (const parts of pieces) {
    yield {
      candidates: [candidate(parts, undefined)],
      usageMetadata: earlyUsage(answer),
      ...tail(model, number),
    };
  }
  yield {
    candidates: [candidate(last, finishOf(answer))],
    usageMetadata: usageMetadata(answer),
    ...tail(model, number),
  };
}
