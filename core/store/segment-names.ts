import { randomBytes } from 'node:crypto';

export const SUFFIX = '.spool';

/** Names of spool files: in order of time, and random, so that no other spool that uses the same database ever has the same. */
export class SegmentNames {
  private lastStamp: number;

  /**
   * @param boot of the node of a cluster that writes them, hexadecimal
   * @param names of files that are there: new ones come after them, also when the clock was set back meanwhile
   */
  constructor(
    private readonly boot: string | null = null,
    names: readonly string[] = [],
  ) {
    this.lastStamp = Math.max(0, ...names.map((name) => Number.parseInt(name, 10) || 0));
  }

  next(): string {
    this.lastStamp = Math.max(Date.now(), this.lastStamp + 1);
    const boot = this.boot === null ? '' : `${this.boot}-`;
    return `${String(this.lastStamp).padStart(14, '0')}-${boot}${randomBytes(4).toString('hex')}${SUFFIX}`;
  }
}

/** The boot that wrote that file; null when it does not say. */
export function bootOf(segment: string): string | null {
  return /^\d{14}-([0-9a-f]+)-[0-9a-f]{8}\./.exec(segment)?.[1] ?? null;
}
