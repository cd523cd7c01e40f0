import type { SqlValue } from './ledger-sql.js';

/** Errors of the ledger's thread reach others by their message alone. */
export const BAD_CURSOR = '"cursor" is not one that this question gave';

/** A cursor that was not made by the same question. */
class BadCursor extends Error {
  override readonly message = BAD_CURSOR;
}

/** Where a page ended, as text for a query: numbers and texts in the order of the rows. Costs are texts of whole numbers. */
export function cursorOf(place: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/**
 * Throws a BadCursor.
 *
 * @param length values that a place has; the cost is the one after the times
 */
export function readCursor(text: string, length: number): SqlValue[] {
  let place: unknown;
  try {
    place = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    throw new BadCursor();
  }
  if (!Array.isArray(place) || place.length !== length) throw new BadCursor();
  const cost = place.findIndex((one) => typeof one === 'string');
  return place.map((one, i) => {
    if (i === cost && /^-?\d{1,19}$/.test(String(one))) return BigInt(String(one));
    if (i !== cost && (typeof one === 'string' || typeof one === 'number')) return one;
    throw new BadCursor();
  });
}
