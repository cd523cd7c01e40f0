import { BadParameter } from './parameters.js';

/** By their bytes, as the databases do. */
export function compareIds(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** What names the page after the one that ends with this id. */
export function cursorOf(id: string): string {
  return Buffer.from(id).toString('base64url');
}

/** The id that a page is to begin after. */
export function readCursor(text: string | null): string | undefined {
  if (text === null) return undefined;
  const id = Buffer.from(text, 'base64url').toString();
  if (text === '' || cursorOf(id) !== text || id.includes('\0'))
    throw new BadParameter('cursor', '"cursor" must be the next_cursor of an answer');
  return id;
}
