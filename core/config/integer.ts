import { z } from 'zod';
import { wants } from './wants.js';

/** A whole number within bounds, both included; one message whatever is wrong with it. */
export function integer(min: number, max: number, what = `a whole number from ${min} to ${max}`) {
  return z.int(wants(what)).min(min, wants(what)).max(max, wants(what));
}

/** A relative share of the traffic. */
export function weight() {
  const what = wants('a weight of 0 or more');
  return z.number(what).min(0, what).max(1_000_000, wants('a weight of at most 1000000'));
}
