/** What a Gemini model accepts, as far as it differs between generations. */
export interface ModelTraits {
  /** How thinking is asked for: not at all, by a budget of tokens (2.5), or by a level (3 and later). */
  thinking: 'none' | 'budget' | 'level';
  /** Least and most tokens of a budget; 0 switches thinking off where `least` is 0. */
  budget: { least: number; most: number; off: boolean };
  /** Levels below `LOW` and between `LOW` and `HIGH`, which not every model has. */
  minimal: boolean;
  medium: boolean;
  /** Refuses function calls of the current turn that carry no signature. */
  signsCalls: boolean;
  /** Takes pictures and documents inside a `functionResponse`. */
  mediaInResults: boolean;
  /** Takes the resolution of each picture. */
  resolutions: boolean;
  /** Takes a schema of the answer beside functions. */
  schemaWithTools: boolean;
}

const NO_BUDGET = { least: 0, most: 0, off: false };

/**
 * https://ai.google.dev/gemini-api/docs/thinking for budgets and levels, …/docs/thought-signatures for signatures.
 * Names are open-ended (`gemini-flash-latest`), so a Gemini model that is not known to be old is taken for a new one.
 */
export function modelTraits(model: string): ModelTraits {
  const name = model.toLowerCase().slice(model.lastIndexOf('/') + 1);
  const known = /^gemini-(?:[a-z]+-)*?(\d+)(?:\.(\d+))?/.exec(name);
  const version = known === null ? 0 : Number(known[1]) * 10 + Number(known[2] ?? 0);
  const old = /^gemini-(pro|ultra)(-vision)?$/.test(name) || (version > 0 && version < 30);
  if (name.startsWith('gemini-') && !old)
    return {
      thinking: 'level',
      budget: NO_BUDGET,
      minimal: name.includes('flash'),
      medium: version !== 30 || name.includes('flash'),
      signsCalls: true,
      mediaInResults: true,
      resolutions: true,
      schemaWithTools: true,
    };
  const thinks = version === 25;
  const budget = name.includes('pro')
    ? { least: 128, most: 32_768, off: false }
    : name.includes('lite')
      ? { least: 512, most: 24_576, off: true }
      : { least: 1, most: 24_576, off: true };
  return {
    thinking: thinks ? 'budget' : 'none',
    budget: thinks ? budget : NO_BUDGET,
    minimal: false,
    medium: false,
    signsCalls: false,
    mediaInResults: false,
    resolutions: false,
    schemaWithTools: !name.startsWith('gemini-'),
  };
}
