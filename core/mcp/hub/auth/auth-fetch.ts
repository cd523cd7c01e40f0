import type { FetchRule } from '../../../config/fetch-rule.js';
import { GuardedFetch } from '../../../upstream/guarded-fetch.js';
import { TextFetch } from '../../../upstream/text-fetch.js';
import type { PlainFetch } from './signed-fetch.js';

/** Documents and tokens are small. */
const MOST_BYTES = 1024 * 1024;
/** Statuses that have no body. */
const EMPTY = [204, 205, 304];

/**
 * Requests to authorization servers. Those at addresses of the operator's own choice may be anywhere; those that a server has
 * named must be public, or allowed by `server.fetch_allow`. No redirects.
 */
export class AuthFetch {
  private readonly own = new TextFetch(
    { connect: { timeout: 10_000 }, keepAliveTimeout: 10_000 },
    MOST_BYTES,
  );
  private guarded: GuardedFetch | null = null;

  constructor(private readonly rules: () => readonly FetchRule[]) {}

  /** @param chosen addresses whose origins the operator has chosen */
  for(chosen: readonly string[]): PlainFetch {
    const origins = new Set(chosen.map((url) => new URL(url).origin));
    return async (url, init = {}) => {
      const target = new URL(url);
      const asked = {
        method: init.method ?? 'GET',
        headers: Object.fromEntries(new Headers(init.headers)),
        ...(init.body != null && { body: String(init.body) }),
      };
      const answer = await (origins.has(target.origin)
        ? this.own.fetch(target, asked)
        : this.guard().fetch(target.href, asked));
      const body = EMPTY.includes(answer.status) ? null : await answer.text();
      return new Response(body, { status: answer.status, headers: answer.headers });
    };
  }

  async close(): Promise<void> {
    await Promise.all([this.own.destroy(), this.guarded?.close()]);
  }

  private guard(): GuardedFetch {
    const rules = this.rules();
    if (this.guarded?.obeys(rules) !== true) {
      this.guarded?.close().catch(() => {});
      this.guarded = new GuardedFetch(rules);
    }
    return this.guarded;
  }
}
