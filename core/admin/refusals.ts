import type { ControlRequest } from '../control.js';
import type { LogLine } from '../plugin/logger.js';
import type { Governance } from './governance.js';

/** So many are noted in a minute: whoever guesses must not fill the log. */
const MOST = 20;
const MINUTE_MS = 60_000;

/** Notes who was not let in, in the log and, where the store is in use, in the audit. */
export class Refusals {
  private since = 0;
  private noted = 0;
  private unsaid = 0;

  constructor(
    private readonly governance: Governance,
    private readonly log: LogLine,
    private readonly now: () => number = Date.now,
  ) {}

  async note({ path, address }: Pick<ControlRequest, 'path' | 'address'>, why: string): Promise<void> {
    const now = this.now();
    if (now - this.since >= MINUTE_MS) {
      this.since = now;
      this.noted = 0;
    }
    if (this.noted >= MOST) {
      this.unsaid++;
      return;
    }
    this.noted++;
    const more = this.unsaid === 0 ? {} : { not_noted_before: this.unsaid };
    this.unsaid = 0;
    const shown = path.slice(0, 200);
    this.log('warn', 'somebody was not let in', { path: shown, address, why, ...more });
    if (!this.governance.isOpen) return;
    const { store } = await this.governance.open();
    await store.change({ actor: 'nobody', source: address }, async () => ({
      action: 'refused',
      kind: 'session',
      id: '',
      before: null,
      after: null,
      note: { path: shown, why },
    }));
  }
}
