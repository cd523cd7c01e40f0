/** No request has a billion tokens of a kind: more is a provider's slip, and the cap keeps every sum exact. */
export const MAX_TOKENS = 1e9;

/** A count that a provider sent, made safe to multiply: whole, not negative, not NaN, at most `MAX_TOKENS`. */
export function tokenCount(reported: number): number {
  return reported > 0 ? Math.floor(Math.min(reported, MAX_TOKENS)) : 0;
}
