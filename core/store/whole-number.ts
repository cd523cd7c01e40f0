/** Far above anything real, and small enough that a million of them still fit a 64-bit sum. */
const MOST = 1e12;

/** A count as the tables keep it: whole and not negative, however odd the number that a provider reported. */
export function wholeNumber(value: number): number {
  return value > 0 ? Math.min(Math.trunc(value), MOST) : 0;
}

/** The same for nano-dollars, up to a million dollars a request. */
export function wholeNano(value: number): number {
  return value > 0 ? Math.min(Math.round(value), MOST * 1000) : 0;
}
