import pg from 'pg';
import { connectionSettings } from '../sql/postgres.js';
import { CHANNEL } from './control-store.js';

/** Until the first try, and between the later ones. */
const SOON_MS = 100;
const AGAIN_MS = 1_000;

/** Hears at once when another node on the same Postgres has changed something. A connection that is lost is made anew. */
export class ChangeListener {
  private client: pg.Client | null = null;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(
    private readonly url: string,
    /** Something was changed, or may have been while nobody listened. */
    private readonly onChange: () => void,
  ) {}

  /** Whether changes are heard at the moment. */
  get hears(): boolean {
    return this.client !== null;
  }

  async start(): Promise<void> {
    if (this.closed) return;
    const client = new pg.Client({ ...connectionSettings(this.url), statement_timeout: 0 });
    let gone = false;
    let connected = false;
    const lost = (): void => {
      if (gone) return;
      gone = true;
      if (this.client === client) this.client = null;
      client.end().catch(() => {});
      this.later(connected ? SOON_MS : AGAIN_MS);
      // Others are asked more often while nothing is heard.
      if (connected) this.onChange();
    };
    client.on('error', lost);
    client.on('end', lost);
    client.on('notification', () => this.onChange());
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
    } catch {
      lost();
      return;
    }
    if (gone) return;
    if (this.closed) {
      await client.end();
      return;
    }
    this.client = client;
    connected = true;
    this.onChange();
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await this.client?.end();
  }

  private later(ms: number): void {
    if (this.closed) return;
    this.timer = setTimeout(() => void this.start(), ms);
    this.timer.unref();
  }
}
