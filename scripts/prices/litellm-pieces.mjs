// What an entry of LiteLLM's map bills by the piece: pictures, seconds, pages, characters, searches.
import { isRate, pico } from './rates.mjs';

const first = (entry, ...keys) => keys.map((key) => entry[key]).find(isRate);

/** Rates by what the model makes or reads; of durations, a second. */
const BY_MODE = {
  image_generation: (entry) => ({ images: first(entry, 'input_cost_per_image', 'output_cost_per_image') }),
  image_edit: (entry) => ({ images: first(entry, 'input_cost_per_image', 'output_cost_per_image') }),
  audio_transcription: (entry) => ({
    inputAudioMs: first(entry, 'input_cost_per_second', 'output_cost_per_second'),
  }),
  audio_speech: (entry) => ({
    characters: first(entry, 'input_cost_per_character'),
    outputAudioMs: first(entry, 'output_cost_per_second'),
  }),
  video_generation: (entry) => ({
    videoMs: first(entry, 'output_cost_per_video_per_second', 'output_cost_per_second'),
  }),
  ocr: (entry) => ({
    pages: first(entry, 'ocr_cost_per_page'),
    annotatedPages: annotated(entry, 'ocr_cost_per_page', 'annotation_cost_per_page'),
  }),
  rerank: (entry) => ({ searchUnits: first(entry, 'input_cost_per_query') }),
};

/** LiteLLM bills an annotation beside its page; here an annotated page has one rate for both. */
function annotated(entry, page, annotation) {
  if (!isRate(entry[annotation])) return undefined;
  return (entry[page] ?? 0) + entry[annotation];
}

/** Google bills the first search of an answer for its older models, every query for the newer ones. */
function searches(entry, provider) {
  const { search_context_size_medium: medium, ...others } = entry.search_context_cost_per_query ?? {};
  const rate = isRate(medium) ? medium : Object.values(others).find(isRate);
  // Perplexity's is a fee of every request, which stands in its price as such.
  if (rate === undefined || rate === 0 || provider === 'perplexity') return {};
  const google = provider === 'gemini' || provider === 'vertex_ai';
  const byPrompt = google && !/claude/.test(entry.name) && entry.web_search_billing_unit !== 'per_query';
  return byPrompt ? { groundings: rate } : { webSearches: rate };
}

const inPico = (rates) =>
  Object.fromEntries(
    Object.entries(rates)
      .filter(([, usd]) => isRate(usd) && usd > 0)
      .map(([unit, usd]) => [unit, pico(usd)]),
  );

export function litellmPieces(entry, provider) {
  const pieces = inPico({
    ...BY_MODE[entry.mode]?.(entry),
    ...searches(entry, provider),
    mapSearches: entry.google_maps_grounding_cost_per_query,
    codeSessions: entry.code_interpreter_cost_per_session,
  });
  const variants = {};
  if (entry.mode === 'video_generation' && !isRate(entry.output_cost_per_video_per_second)) {
    for (const [key, usd] of Object.entries(entry)) {
      const resolution = /^output_cost_per_second_(\w+)$/.exec(key)?.[1];
      if (resolution !== undefined && isRate(usd)) variants[resolution] = { videoMs: pico(usd) };
    }
  }
  const batchPieces =
    entry.mode === 'ocr' && isRate(entry.ocr_cost_per_page_batches)
      ? inPico({
          pages: entry.ocr_cost_per_page_batches,
          annotatedPages: annotated(entry, 'ocr_cost_per_page_batches', 'annotation_cost_per_page_batches'),
        })
      : {};
  return { pieces, variants, batchPieces };
}

const QUALITY = /^(low|medium|high|xhigh|standard|hd)$/;
const SIZE = /^\d+-x-\d+$/;

/**
 * A picture's quality and size stand before the model's name: `high/1024-x-1024/gpt-image-1`. Null when the name has
 * something else there that no request says (`max-steps`).
 */
export function splitVariant(name, provider) {
  const parts = name.split('/');
  const said = [];
  while (parts.length > 1) {
    const [part] = parts;
    if (QUALITY.test(part)) said.push(part);
    else if (SIZE.test(part)) said.push(part.replace('-x-', 'x'));
    else if (/^(max-x-max|max-steps)$/.test(part)) return null;
    else if (part !== '50-steps' && !(said.length > 0 && part === provider)) break;
    parts.shift();
  }
  return { model: parts.join('/'), variant: said.join('/') };
}

/** Pico-dollars for a picture of that variant; undefined when the entry has none. */
export function variantRate(entry, variant) {
  const flat = first(entry, 'input_cost_per_image', 'output_cost_per_image');
  if (flat !== undefined) return pico(flat);
  const [width, height] = (/(\d+)x(\d+)$/.exec(variant)?.slice(1) ?? []).map(Number);
  const pixel = first(entry, 'input_cost_per_pixel');
  return pixel === undefined || width === undefined ? undefined : pico(pixel * width * height);
}
