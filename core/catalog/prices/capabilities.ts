/** What a model can do, and the letter that stands for it in a snapshot; scripts/prices/capabilities.mjs has the same. */
const LETTERS = {
  vision: 'v',
  tools: 't',
  json_schema: 'j',
  reasoning: 'r',
  pdf: 'p',
  audio_input: 'a',
  audio_output: 'o',
  video_input: 'm',
  image_output: 'i',
  prompt_caching: 'c',
  web_search: 'w',
  computer_use: 'u',
} as const;

export type Capability = keyof typeof LETTERS;

export const CAPABILITIES = Object.keys(LETTERS) as [Capability, ...Capability[]];

export function capabilitiesOf(letters: string): readonly Capability[] {
  return CAPABILITIES.filter((name) => letters.includes(LETTERS[name]));
}
