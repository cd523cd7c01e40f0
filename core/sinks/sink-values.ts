import type { SinkRow, SinkSetting, SinkValues } from '@headgate/sdk';

type Env = Readonly<Record<string, string | undefined>>;
type Given = Readonly<Record<string, unknown>>;

/** What is wrong with one setting, in words. */
export interface SinkSettingProblem {
  readonly name: string;
  readonly what?: string;
  readonly expected?: string;
  readonly hint?: string;
}

const FORMS: Readonly<Record<SinkSetting['type'], string>> = {
  text: 'a text',
  secret: 'a text',
  url: 'an http:// or https:// URL',
  number: 'a number',
  flag: 'true or false',
  texts: 'a mapping of texts',
};

/** The settings of a row as they count: as given, else from the environment, else the default. Unknown names are the caller's to find. */
export function fillSinkSettings(
  row: SinkRow,
  given: Given,
  env: Env,
): { values: Record<string, unknown>; problems: SinkSettingProblem[] } {
  const values: Record<string, unknown> = {};
  const problems: SinkSettingProblem[] = [];
  for (const [name, setting] of Object.entries(row.settings)) {
    const value = countingValue(setting, given[name], env);
    const wrong = problemOf(name, setting, value);
    if (wrong !== null) problems.push(wrong);
    else if (value !== undefined) values[name] = value;
  }
  return { values, problems };
}

/** Settings that {@link fillSinkSettings} has filled. */
export function sinkValues(row: SinkRow, values: Given): SinkValues {
  const find = (name: string): unknown => {
    if (row.settings[name] === undefined) throw new TypeError(`the sink ${row.id} has no setting ${name}`);
    return values[name];
  };
  return {
    has: (name) => find(name) !== undefined,
    text: (name) => {
      const text = String(find(name) ?? '');
      return row.settings[name]?.type === 'url' ? text.replace(/\/+$/, '') : text;
    },
    number: (name) => Number(find(name) ?? 0),
    flag: (name) => String(find(name)) === 'true',
    texts: (name) => (find(name) ?? {}) as Record<string, string>,
  };
}

/** Texts that must not be shown anywhere: what rows call secret, passwords in URLs, and all texts by name, which are headers. */
export function secretsOf(row: SinkRow, values: Given): string[] {
  return Object.entries(row.settings).flatMap(([name, { type }]) => {
    const value = values[name];
    if (type === 'texts' && typeof value === 'object' && value !== null)
      return Object.values(value).map(String);
    // Some are several in one text: an id and a key, the parts of a connection string, a URL with a password.
    return type === 'secret' && typeof value === 'string' ? [value, ...value.split(/[:;&=?@/]+/)] : [];
  });
}

function countingValue(setting: SinkSetting, given: unknown, env: Env): unknown {
  if (given !== undefined && given !== null) return given;
  const named = setting.env?.find((name) => (env[name] ?? '') !== '');
  return named === undefined ? setting.default : env[named];
}

function problemOf(name: string, setting: SinkSetting, value: unknown): SinkSettingProblem | null {
  if (value === undefined || value === '') {
    if (setting.required !== true) return null;
    const hint = setting.env === undefined ? undefined : `or set ${setting.env.join(' or ')}`;
    return { name, what: `missing: ${setting.about}`, ...(hint !== undefined && { hint }) };
  }
  if (!hasForm(setting, value)) return { name, expected: FORMS[setting.type] };
  if (setting.words !== undefined && !setting.words.includes(String(value)))
    return { name, expected: `one of ${setting.words.join(', ')}` };
  return null;
}

function hasForm({ type }: SinkSetting, value: unknown): boolean {
  // What comes from a variable is a text.
  if (type === 'number') return typeof value !== 'boolean' && value !== '' && Number.isFinite(Number(value));
  if (type === 'flag') return ['true', 'false'].includes(String(value));
  if (type === 'texts')
    return (
      typeof value === 'object' &&
      value !== null &&
      !Array.isArray(value) &&
      Object.values(value).every((one) => typeof one === 'string')
    );
  if (typeof value !== 'string') return false;
  return type !== 'url' || (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol));
}
