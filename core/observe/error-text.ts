import type { CanonicalError } from '@headgate/sdk';
import { withoutSecrets } from './secret-text.js';

/** Most of an error's words that a record keeps. */
const MOST = 500;

/** What went wrong in words that may be kept and shown: providers repeat what they were sent. */
export function errorText(error: CanonicalError | null): string {
  if (error === null) return '';
  const shown = withoutSecrets(error.message.slice(0, MOST * 4));
  // Neither database keeps a NUL, and half of a character is no text.
  return Buffer.from(shown.slice(0, MOST).replaceAll('\0', '')).toString();
}
