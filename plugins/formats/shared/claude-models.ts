/** What is known of a Claude model by its name, wherever it runs. */
export interface ClaudeModel {
  family: 'opus' | 'sonnet' | 'haiku' | 'fable' | 'mythos';
  /** 45 for 4.5. */
  version: number;
  /** Thinks by an effort instead of a budget of tokens. */
  adaptive: boolean;
  /** Thinking cannot be switched off. */
  alwaysThinks: boolean;
  /** `temperature`, `top_p` and `top_k` are refused. */
  noSampling: boolean;
  /** `temperature` and `top_p` exclude each other. */
  oneOfTemperatureAndTopP: boolean;
}

const NAMED = /claude-(opus|sonnet|haiku|fable|mythos)-(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)/;
const NUMBERED = /claude-(\d)(?:[-.](\d{1,2}))?-(opus|sonnet|haiku)/;

/**
 * By Anthropic's model documentation: adaptive thinking since 4.6, no sampling parameters since 4.7, no way to switch
 * thinking off for the Fable and Mythos models and for Opus and Sonnet since 5.5. Undefined for other names.
 */
export function claudeModel(name: string): ClaudeModel | undefined {
  const model = name.toLowerCase();
  const named = NAMED.exec(model);
  const [, first, second, third] = named ?? NUMBERED.exec(model) ?? [];
  if (first === undefined) return undefined;
  const family = (named === null ? third : first) as ClaudeModel['family'];
  const [major, minor] = named === null ? [first, second] : [second, third];
  const version = Number(major) * 10 + Number(minor ?? 0);
  const other = family === 'fable' || family === 'mythos';
  return {
    family,
    version,
    adaptive: other || version >= 46,
    alwaysThinks: other || (version >= 55 && family !== 'haiku'),
    noSampling: other || version >= 47,
    oneOfTemperatureAndTopP: version >= 41,
  };
}
