/** The smallest of the numbers that are known; null when none is. */
export function least(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.min(...known);
}

/** What is in all of the lists that are known; null when none is. */
export function common<T>(lists: readonly (readonly T[] | null)[]): readonly T[] | null {
  const known = lists.filter((list) => list !== null);
  return known[0]?.filter((one) => known.every((list) => list.includes(one))) ?? null;
}
