import { randomBytes } from 'node:crypto';

export const SUFFIX = '.spool';

/** Names of spool files: in order of time, and random, so that no other spool that uses the same database ever has the same. */
export class SegmentNames {
  private lastStamp = 0;

  next(): string {
    this.lastStamp = Math.max(Date.now(), this.lastStamp + 1);
    return `${String(this.lastStamp).padStart(14, '0')}-${randomBytes(4).toString('hex')}${SUFFIX}`;
  }
}
