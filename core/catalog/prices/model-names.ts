/** Longer than any model has, ARNs and fine-tunes included: a longer one is not worth a search. */
const MAX_LENGTH = 512;

const DATE = /-(?:20\d{2}-[01]\d-[0-3]\d|20\d{2}[01]\d[0-3]\d)$/;

/**
 * The names under which a price table may list `model`, most exact first, in lower case: as it is, without a prefix
 * (`openai/…`, `models/…`, an ARN), with its date rewritten or left out, with and without `-latest`. A four-digit
 * suffix (`-0613`, `-2411`) stays: such versions differ in price.
 */
export function modelNames(provider: string, model: string): string[] {
  const names = new Set<string>();
  if (model.length > MAX_LENGTH) return [];
  const whole = model.trim().toLowerCase();
  if (whole !== '') names.add(whole);
  const bare = withoutPrefix(provider, whole);
  names.add(bare);
  // Vertex puts the version behind an at sign: claude-sonnet-4-5@20250929, gemini-2.0-flash@default.
  const at = bare.indexOf('@', 1);
  const dashed = at === -1 ? bare : bare.replace('@', '-');
  names.add(dashed);
  const compact = /-(20\d{2})([01]\d)([0-3]\d)$/.exec(dashed);
  if (compact !== null) names.add(dashed.replace(DATE, `-${compact[1]}-${compact[2]}-${compact[3]}`));
  // A fine-tune is `ft:base:organisation:name:id`; tables list `ft:base`.
  const base = dashed.startsWith('ft:') ? dashed.split(':', 2).join(':') : dashed;
  names.add(base);
  const undated = (at === -1 ? base : bare.slice(0, at)).replace(DATE, '');
  names.add(undated);
  const plain = undated.replace(/-latest$/, '');
  names.add(plain);
  names.add(`${plain}-latest`);
  names.delete('');
  names.delete('-latest');
  return [...names];
}

function withoutPrefix(provider: string, model: string): string {
  if (model.startsWith('arn:')) return model.slice(model.lastIndexOf('/') + 1);
  const path = model.lastIndexOf('models/');
  if (path === 0 || model.startsWith('publishers/') || model.startsWith('projects/')) {
    return path === -1 ? model : model.slice(path + 'models/'.length);
  }
  return model.startsWith(`${provider}/`) ? model.slice(provider.length + 1) : model;
}
