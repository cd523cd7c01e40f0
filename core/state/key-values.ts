/** Most entries kept; the oldest go first. */
const MAX_ENTRIES = 100_000;

interface Entry {
  value: unknown;
  /** Unix milliseconds; Infinity never. */
  until: number;
}

/** The key-value store behind `host.kv`, on the main thread. In memory: it is for caches and coordination, not records. */
export class KeyValues {
  private readonly entries = new Map<string, Entry>();

  constructor(
    private readonly capacity = MAX_ENTRIES,
    private readonly now: () => number = Date.now,
  ) {}

  get(key: string): unknown {
    const entry = this.entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.until > this.now()) return entry.value;
    this.entries.delete(key);
    return undefined;
  }

  set(key: string, value: unknown, ttlMs?: number): void {
    this.entries.delete(key);
    this.entries.set(key, {
      value,
      until: ttlMs === undefined ? Number.POSITIVE_INFINITY : this.now() + ttlMs,
    });
    while (this.entries.size > this.capacity) {
      const oldest = this.entries.keys().next().value;
      if (oldest === undefined) return;
      this.entries.delete(oldest);
    }
  }

  delete(key: string): void {
    this.entries.delete(key);
  }
}
