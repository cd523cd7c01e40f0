// What a model can do, a letter each; core/catalog/prices/capabilities.ts has the same letters.
const LETTERS = {
  v: (entry) => entry.supports_vision || entry.supports_image_input,
  t: (entry) => entry.supports_function_calling,
  j: (entry) => entry.supports_response_schema || entry.supports_native_structured_output,
  r: (entry) => entry.supports_reasoning,
  p: (entry) => entry.supports_pdf_input,
  a: (entry) => entry.supports_audio_input,
  o: (entry) => entry.supports_audio_output || entry.supported_output_modalities?.includes('audio'),
  m: (entry) => entry.supports_video_input,
  i: (entry) => entry.supported_output_modalities?.includes('image'),
  c: (entry) => entry.supports_prompt_caching,
  w: (entry) => entry.supports_web_search,
  u: (entry) => entry.supports_computer_use,
};

export const capabilityLetters = (entry) =>
  Object.entries(LETTERS)
    .filter(([, has]) => has(entry) === true)
    .map(([letter]) => letter)
    .join('');
