/**
 * A provider row's path: `{model}` stands for the model's name, percent-encoded, and `{whole|streamed}` for a word that
 * depends on whether the answer streams: `/model/{model}/{converse|converse-stream}`.
 */
export interface CompiledPath {
  readonly whole: string;
  readonly streamed: string;
}

const CHOICE = /\{([^{}|]*)\|([^{}|]*)\}/g;

export function compilePath(template: string, model: string): CompiledPath {
  const named = template.replaceAll('{model}', encodeURIComponent(model));
  return { whole: named.replace(CHOICE, '$1'), streamed: named.replace(CHOICE, '$2') };
}

/** The path means the same for every model and for streams. */
export function isPlain(template: string): boolean {
  return !template.includes('{');
}
