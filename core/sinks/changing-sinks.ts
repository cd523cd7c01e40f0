import type { MetricFamily } from '../observe/metric-family.js';
import type { LedgerSinks, SinkHealth } from '../store/ledger-protocol.js';
import type { RecordBatch } from '../store/record-batch.js';
import type { SinkFeed, SinkFeedParts } from './sink-feed.js';

/** The sinks of a gateway as its configuration has them at the moment, which may be none. */
export class ChangingSinks {
  private feed: SinkFeed | null = null;
  private changing: Promise<void> = Promise.resolve();

  constructor(private readonly parts: Pick<SinkFeedParts, 'dir' | 'log' | 'contents' | 'onHealth'>) {}

  /** Returns at once. The batch must not change. */
  take(batch: RecordBatch): void {
    this.feed?.take(batch);
  }

  /** Other sinks from now on. What waits for those that stay is theirs still. Never rejects. */
  change(sinks: LedgerSinks | null): Promise<void> {
    this.changing = this.changing
      .then(() => this.use(sinks))
      .catch((error) => this.parts.log('error', 'sinks cannot be started', { error: String(error) }));
    return this.changing;
  }

  health(): SinkHealth[] {
    return this.feed?.health() ?? [];
  }

  async families(): Promise<MetricFamily[]> {
    return this.feed === null ? [] : this.feed.families();
  }

  async close(): Promise<void> {
    await this.change(null);
  }

  private async use(sinks: LedgerSinks | null): Promise<void> {
    const { feed } = this;
    if (sinks === null) {
      this.feed = null;
      await feed?.close();
    } else if (feed !== null) await feed.use(sinks.setup);
    else {
      // Loaded by those who have any.
      const { SinkFeed } = await import('./sink-feed.js');
      this.feed = new SinkFeed({ ...sinks, ...this.parts });
    }
    if (feed !== null || sinks !== null) this.parts.onHealth();
  }
}
