import { createHash } from 'node:crypto';

const LONGEST = 64;
/** Mistral's models take nothing but this. */
const MISTRAL = /^[a-zA-Z0-9]{9}$/;

function forMistral(id: string): string {
  if (MISTRAL.test(id)) return id;
  return createHash('sha256').update(id).digest('hex').slice(0, 9);
}

/**
 * Tool call ids as Converse takes them, `[a-zA-Z0-9_-]`, at most 64. A call and its results get the same id, different
 * calls different ones, and the same history always the same ones.
 */
export class ToolIds {
  private readonly safe = new Map<string, string>();
  private readonly taken = new Set<string>();

  /** `keep`: the request was made for this API, so its ids are left alone. */
  constructor(
    private readonly keep: boolean,
    private readonly mistral = false,
  ) {}

  of(id: string): string {
    if (this.keep) return id;
    const known = this.safe.get(id);
    if (known !== undefined) return known;
    const base = this.mistral
      ? forMistral(id)
      : id.replace(/[^a-zA-Z0-9_-]/g, '_').slice(0, LONGEST) || 'call';
    let safe = base;
    for (let n = 2; this.taken.has(safe); n++) {
      const suffix = this.mistral ? String(n) : `_${n}`;
      safe = base.slice(0, (this.mistral ? 9 : LONGEST) - suffix.length) + suffix;
    }
    this.safe.set(id, safe);
    this.taken.add(safe);
    return safe;
  }
}
