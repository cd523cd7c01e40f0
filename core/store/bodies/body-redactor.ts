import type { BodyKeeping, RedactRule } from '../../observe/bodies/body-settings.js';

/** Members whose value nobody should keep, whatever it looks like. */
const SECRET_NAME =
  /^(?:.*[-_])?(?:api[-_]?key|apikey|secret|client[-_]?secret|secret[-_]?access[-_]?key|password|passwd|passphrase|private[-_]?key|access[-_]?token|refresh[-_]?token|id[-_]?token|auth[-_]?token|authorization|x-api-key|cookie|credentials?)$/i;
const HIDDEN = '***';
/** Parameters of addresses whose value nobody should keep; of a name such as `key_of`, too. */
const SECRET_PARAMETER =
  /(?:^|[-_.])(?:key|api-?key|token|secret|sig|signature|password|passwd|pwd|code|auth|authorization|credentials?)(?:$|[-_.])/i;
/** Headers for a server, in JSON that was cut and cannot be read. */
const RAW_HEADERS = /("headers"\s{0,8}:\s{0,8})\{[^{}]*\}?/g;
/** Deeper JSON is no prompt. */
const MOST_DEPTH = 64;

type Replace = (text: string) => string;

/** Takes out of bodies what must not be kept. */
export class BodyRedactor {
  private readonly paths: readonly RedactRule[];
  private takes = false;

  private constructor(
    rules: readonly RedactRule[],
    /** Takes out secrets that are known and what looks like one; null: they may stay. */
    private readonly hidden: Replace | null,
    private readonly patterns: readonly Replace[],
  ) {
    this.paths = rules.filter(({ path }) => path !== null);
  }

  /** Rejects when a pattern is none that RE2 knows. */
  static async of(
    { redact, secrets }: Pick<BodyKeeping, 'redact' | 'secrets'>,
    hidden: Replace,
  ): Promise<BodyRedactor> {
    const patterns: Replace[] = [];
    const wanted = redact.filter(({ path }) => path === null);
    if (wanted.length > 0) {
      // In time linear in the text, whatever the pattern.
      const { RE2JS } = await import('re2js');
      for (const rule of wanted) {
        const compiled = RE2JS.compile(rule.pattern);
        const instead = rule.with.replaceAll('\\', '\\\\').replaceAll('$', '\\$');
        patterns.push((text) => compiled.matcher(text).replaceAll(instead));
      }
    }
    return new BodyRedactor(redact, secrets ? hidden : null, patterns);
  }

  /** The text as it may be kept; null when nothing of it may: it cannot be read, and rules say what must be taken out of it. */
  of(text: string): string | null {
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      return this.paths.length > 0 ? null : this.text(this.withoutHeaders(text));
    }
    for (const { path, with: instead } of this.paths)
      if (hide(parsed, path as readonly string[], 0, instead)) this.takes = true;
    return JSON.stringify(this.value(parsed, 0));
  }

  /** What `read` makes with this, and whether anything was taken out meanwhile. */
  noting<T>(read: () => T): { readonly kept: T; readonly redacted: boolean } {
    this.takes = false;
    return { kept: read(), redacted: this.takes };
  }

  /** Whether what looks like a secret is taken out. */
  get hides(): boolean {
    return this.hidden !== null;
  }

  /** The query of an address, without its question mark. */
  query(text: string): string {
    if (this.hidden === null) return this.text(text);
    const parts = text.split('&').map((part) => {
      const [name = '', value] = part.split(/=(.*)/s, 2);
      if (value !== undefined && SECRET_PARAMETER.test(decoded(name))) return `${name}=${this.taken()}`;
      const plain = decoded(part);
      const shown = this.text(plain);
      return shown === plain ? this.text(part) : shown;
    });
    return parts.join('&');
  }

  /** A text that is no JSON. */
  text(text: string): string {
    let shown = this.hidden === null ? text : this.hidden(text);
    for (const replace of this.patterns) shown = replace(shown);
    if (shown !== text) this.takes = true;
    return shown;
  }

  private taken(): string {
    this.takes = true;
    return HIDDEN;
  }

  private withoutHeaders(text: string): string {
    if (this.hidden === null || !text.includes('server_url')) return text;
    return text.replace(RAW_HEADERS, (_, name: string) => `${name}"${this.taken()}"`);
  }

  private value(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return this.text(value);
    if (typeof value !== 'object' || value === null) return value;
    if (depth > MOST_DEPTH) return this.taken();
    if (Array.isArray(value)) return value.map((one) => this.value(one, depth + 1));
    // Headers for a server that a request brings along: their names need not say that they are credentials.
    const forServer = this.hidden !== null && 'server_url' in value;
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => [
        this.text(name),
        (this.hidden !== null && typeof one === 'string' && SECRET_NAME.test(name)) ||
        (forServer && name === 'headers')
          ? this.taken()
          : this.value(one, depth + 1),
      ]),
    );
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Whether there was anything to hide. */
function hide(value: unknown, path: readonly string[], at: number, instead: string): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const name = path[at] as string;
  const names = name === '*' ? Object.keys(value) : Object.hasOwn(value, name) ? [name] : [];
  const members = value as Record<string, unknown>;
  let hidden = false;
  for (const one of names) {
    if (at === path.length - 1) {
      members[one] = instead;
      hidden = true;
    } else if (hide(members[one], path, at + 1, instead)) hidden = true;
  }
  return hidden;
}
