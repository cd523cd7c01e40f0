import type { FactSources } from '../admin/gather-facts.js';
import type { MainFacts } from './main-facts.js';

/** How old what the ledger's thread knows of the main thread may be. */
const EVERY_MS = 10_000;

/** What the main thread has to say, whenever it is asked. What it takes is loaded when somebody asks. */
export function factsOf(sources: FactSources): () => Promise<MainFacts> {
  return async () => (await import('../admin/gather-facts.js')).gatherFacts(sources);
}

/** Tells the ledger's thread what the main thread knows, again and again, while somebody there has a use for it. */
export class FactsFeed {
  private timer: NodeJS.Timeout | null = null;
  private telling = false;

  constructor(
    private readonly gather: () => Promise<MainFacts>,
    private readonly tell: (facts: MainFacts) => void,
  ) {}

  wanted(is: boolean): void {
    if (is === (this.timer !== null)) return;
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = is ? setInterval(() => void this.once(), EVERY_MS).unref() : null;
    if (is) void this.once();
  }

  close(): void {
    this.wanted(false);
  }

  private async once(): Promise<void> {
    if (this.telling) return;
    this.telling = true;
    // What cannot be gathered now is in a moment; nobody waits for it.
    await this.gather().then(this.tell, () => {});
    this.telling = false;
  }
}
