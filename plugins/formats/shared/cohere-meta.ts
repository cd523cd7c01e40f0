import { emptyUsage, type JsonObject, type JsonValue, type Meter, type Usage } from '@headgate/sdk';
import { topLevelObject } from './json-bytes.js';
import { openaiMeter } from './openai-meter.js';
import { count, isObject } from './read-json.js';

/** `meta.billed_units` of Cohere's answers that are no chat. */
function billedUnits(meta: JsonValue | undefined): JsonObject | null {
  const units = isObject(meta) ? meta['billed_units'] : undefined;
  return isObject(units) ? units : null;
}

/** Tokens of texts and of pictures. Null when nothing is said of them. */
export function billedUsage(meta: JsonValue | undefined): Usage | null {
  const units = billedUnits(meta);
  if (units === null) return null;
  const { input_tokens: texts, image_tokens: images } = units;
  if (typeof texts !== 'number' && typeof images !== 'number') return null;
  const usage = emptyUsage();
  usage.inputTokens = count(texts) + count(images);
  return usage;
}

const META = Buffer.from('"meta"');

/** `meta` stands behind all vectors: only the end of the body is looked at. Such answers are never streamed. */
export function cohereTaskMeter(): Meter {
  return {
    body(body) {
      const meta = topLevelObject(body, META);
      return meta === undefined ? null : billedUsage(meta as JsonObject);
    },
    stream: openaiMeter.stream,
  };
}
