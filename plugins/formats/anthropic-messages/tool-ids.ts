/**
 * Tool call ids as Anthropic takes them, `^[a-zA-Z0-9_-]+$`. A call and its results get the same id, different calls
 * different ones.
 */
export class ToolIds {
  private readonly safe = new Map<string, string>();
  private readonly taken = new Set<string>();

  /** `keep`: the request was made for this API, so its ids are left alone. */
  constructor(private readonly keep: boolean) {}

  of(id: string): string {
    if (this.keep) return id;
    const known = this.safe.get(id);
    if (known !== undefined) return known;
    const base = id.replace(/[^a-zA-Z0-9_-]/g, '_') || 'call';
    let safe = base;
    for (let n = 2; this.taken.has(safe); n++) safe = `${base}_${n}`;
    this.safe.set(id, safe);
    this.taken.add(safe);
    return safe;
  }
}
