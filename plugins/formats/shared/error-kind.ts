import type { ErrorKind } from '@headgate/sdk';

/** The kind of an error answer that says no more than its HTTP status. */
export function kindOfStatus(status: number): ErrorKind {
  switch (status) {
    case 401:
      return 'authentication';
    case 402:
    case 403:
      return 'permission';
    case 404:
      return 'not-found';
    case 408:
    case 504:
    case 524:
      return 'timeout';
    case 413:
      return 'too-large';
    case 429:
      return 'rate-limit';
    case 503:
    case 529:
      return 'overloaded';
    case 502:
    case 521:
    case 522:
    case 523:
      return 'unavailable';
  }
  return status >= 400 && status < 500 ? 'invalid-request' : 'upstream';
}

/** What a provider that answers an error with HTML or nothing is quoted with. */
export function messageOfText(status: number, body: string): string {
  const text = body.trim();
  const known = text !== '' && !text.startsWith('<') ? text : `The provider answered with status ${status}`;
  return known.length > 500 ? `${known.slice(0, 500)}…` : known;
}
