import type { SettledRecord } from '@headgate/sdk';
import type { RequestSearch } from './request-search.js';
import type { SearchFilter } from './search-query.js';
import type { RecordPlace } from './search-units.js';

/** A request that ran longer than that is not looked for among those that have ended since. */
const LONGEST_MS = 86_400_000;

interface Ended extends RecordPlace {
  readonly endMs: number;
}

/**
 * The last records that fit and have been settled since then, in that order.
 *
 * @param sinceMs unix milliseconds
 * @param most records; `left` says how many there are beyond that, which are the oldest
 */
export function settledSince(
  search: RequestSearch,
  sinceMs: number,
  filter: SearchFilter,
  most: number,
): Promise<{ records: SettledRecord[]; left: number }> {
  return search.steadily(async () => {
    const found: Ended[] = [];
    const range = { from: sinceMs - LONGEST_MS, to: Number.MAX_SAFE_INTEGER };
    await search.each(range, filter, async (unit) => {
      const { time, totalMs } = await unit.load(['time', 'totalMs']);
      const placeOf = await unit.places();
      return (row) => {
        const endMs = time.at(row) + totalMs.at(row);
        const place = endMs >= sinceMs ? placeOf(row) : null;
        if (place !== null) found.push({ ...place, endMs });
      };
    });
    found.sort((a, b) => a.endMs - b.endMs);
    const kept = found.slice(-most);
    return { records: await search.fetch(kept), left: found.length - kept.length };
  });
}
