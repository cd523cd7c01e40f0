import type { LogLine } from '../../plugin/logger.js';
import { guestConfig } from '../guest-config.js';
import type { GuestServer } from '../protocol.js';
import { NO_CREDENTIALS } from './auth/credentials.js';
import type { OrphanGuard } from './orphan-guard.js';
import type { Pins } from './pins.js';
import { ServerLink, Unavailable } from './server-link.js';

/** Most servers of requests at a time, of all callers. */
const MOST = 500;

interface Guest {
  readonly link: ServerLink;
  readonly timer: NodeJS.Timeout;
}

/** Servers that a request brings along by their address, for as long as it runs: each has a connection that nobody else uses. */
export class Guests {
  private readonly open = new Map<string, Guest>();

  constructor(
    private readonly parts: { readonly log: LogLine; readonly guard: OrphanGuard; readonly pins: Pins },
  ) {}

  /** Throws Unavailable when there are too many. */
  begin(id: string, guest: GuestServer): void {
    if (this.open.size >= MOST)
      throw new Unavailable(`there are already ${MOST} servers of requests, try again soon`, 1000);
    const link = new ServerLink({
      ...this.parts,
      config: guestConfig(guest.place, guest),
      credentials: NO_CREDENTIALS,
      onChanged: () => {},
    });
    // Whoever has begun it may be gone without a word.
    const timer = setTimeout(() => this.end(id), guest.longestMs);
    timer.unref();
    this.open.set(id, { link, timer });
  }

  find(id: string): ServerLink | undefined {
    return this.open.get(id)?.link;
  }

  end(id: string): void {
    const guest = this.open.get(id);
    if (guest === undefined) return;
    this.open.delete(id);
    clearTimeout(guest.timer);
    guest.link.close().catch(() => {});
  }

  async endAll(): Promise<void> {
    const all = [...this.open.values()];
    this.open.clear();
    for (const { timer } of all) clearTimeout(timer);
    await Promise.all(all.map(({ link }) => link.close()));
  }
}
