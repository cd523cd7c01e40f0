import type { SettledContent } from '@headgate/sdk';
import type { ContentSource } from './content-source.js';

/** A storage that is away keeps records from nobody: they are told without prompts and answers then. */
const MOST_MS = 30_000;

/** Asks the ledger's thread for what is kept, one question at a time for each sink. */
export class AskedContents {
  private tokens = 0;
  private readonly asking = new Map<number, (contents: ReadonlyMap<string, SettledContent>) => void>();

  constructor(private readonly ask: (token: number, ids: readonly string[]) => void) {}

  readonly get: ContentSource = (ids) =>
    new Promise((resolve) => {
      const token = ++this.tokens;
      const timer = setTimeout(() => this.answered(token, new Map()), MOST_MS);
      this.asking.set(token, (contents) => {
        clearTimeout(timer);
        resolve(contents);
      });
      this.ask(token, ids);
    });

  answered(token: number, contents: ReadonlyMap<string, SettledContent>): void {
    this.asking.get(token)?.(contents);
    this.asking.delete(token);
  }
}
