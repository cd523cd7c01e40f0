/** Voices that every account has, https://elevenlabs.io/docs/capabilities/voices, for OpenAI's of about the same kind. */
export const VOICES: Readonly<Record<string, string>> = {
  alloy: 'SAz9YHcvj6GT2YYXdXww',
  ash: 'bIHbv24MWmeRgasZH58o',
  ballad: 'JBFqnCBsd6RMkjVDRZzb',
  coral: 'cgSgspJ2msm6clMCkdW9',
  echo: 'TX3LPaxmHKxFdv7VOQHJ',
  fable: 'N2lVS1w4EtoT3dr4eOWO',
  nova: 'EXAVITQu4vr4xnSDxMaL',
  onyx: 'onwK4e9ZLuTAKqWW03F9',
  sage: 'XrExE9yKIg1WjnnlVkGX',
  shimmer: 'FGY2WhTYpPnrIDTdsKH5',
  verse: 'iP95p4xoKVk53GoZ742B',
};
