import type { LedgerHealth } from './ledger-protocol.js';

type Health = Omit<LedgerHealth, 'sinks'>;

/** Parts without which requests are served and recorded all the same. */
const LESSER: ReadonlySet<string> = new Set(['bodies']);

/** What is wrong at the moment, by the part that has the trouble. Tells of changes only, not of every failed retry. */
export class Troubles {
  private readonly open = new Map<string, string>();

  constructor(
    private readonly log: (level: 'info' | 'error', message: string, fields: Record<string, unknown>) => void,
    private readonly changed: () => void,
  ) {}

  begin(part: string, message: string, error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    // Tries differ in the file that they could not write.
    const text = `${message}: ${why.replace(/'[^']*'/, (path) => path.replace(/[^/]*'$/, "…'"))}`;
    if (this.open.get(part) === text) return;
    this.open.set(part, text);
    this.log('error', message, { part, error: why });
    this.changed();
  }

  end(part: string): void {
    if (!this.open.delete(part)) return;
    this.log('info', 'a part of the ledger works again', { part });
    this.changed();
  }

  health(): Health {
    const problems = [...this.open].flatMap(([part, text]) => (LESSER.has(part) ? [] : [text]));
    return { ok: problems.length === 0, problems, parts: Object.fromEntries(this.open) };
  }
}
