/** What a Claude model accepts, as far as it differs between models. Other servers' models get the general rules. */
export interface ModelTraits {
  /** `thinking: { type: 'adaptive' }` with an effort, instead of a budget of tokens. */
  adaptive: boolean;
  /** Thinking cannot be switched off. */
  alwaysThinks: boolean;
  /** `tool_choice` of `any` and `tool` is refused. */
  noForcedTools: boolean;
  /** `temperature`, `top_p` and `top_k` are refused. */
  noSampling: boolean;
  /** `temperature` and `top_p` exclude each other. */
  oneOfTemperatureAndTopP: boolean;
  /** `output_config.format` and strict tools are understood. */
  structured: boolean;
}

/** Not a Claude model: DeepSeek, Moonshot and others speak this API with their own models. */
const OTHER: ModelTraits = {
  adaptive: false,
  alwaysThinks: false,
  noForcedTools: false,
  noSampling: false,
  oneOfTemperatureAndTopP: false,
  structured: true,
};

const NEW_NAME = /claude-(opus|sonnet|haiku|fable|mythos)-(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)/;
const OLD_NAME = /claude-(\d)(?:[-.](\d{1,2}))?-(opus|sonnet|haiku)/;

/** Family and version of a Claude model name, e.g. `{ family: 'opus', version: 45 }`. */
function claudeVersion(model: string): { family: string; version: number } | undefined {
  const named = NEW_NAME.exec(model);
  if (named !== null)
    return { family: named[1] as string, version: Number(named[2]) * 10 + Number(named[3] ?? 0) };
  const old = OLD_NAME.exec(model);
  if (old !== null) return { family: old[3] as string, version: Number(old[1]) * 10 + Number(old[2] ?? 0) };
  return undefined;
}

/**
 * The rules follow Anthropic's model documentation: adaptive thinking since 4.6, no sampling parameters since 4.7, no
 * way to switch thinking off for the Fable and Mythos models and for Opus and Sonnet since 5.5.
 */
export function modelTraits(model: string): ModelTraits {
  const claude = claudeVersion(model.toLowerCase());
  if (claude === undefined) return OTHER;
  const { family, version } = claude;
  const other = family === 'fable' || family === 'mythos';
  const alwaysThinks = other || (version >= 55 && family !== 'haiku');
  return {
    adaptive: other || version >= 46,
    alwaysThinks,
    noForcedTools: alwaysThinks && version >= 51,
    noSampling: other || version >= 47,
    oneOfTemperatureAndTopP: version >= 41,
    structured: other || version >= 45 || (family === 'opus' && version === 41),
  };
}
