import type { HeaderList } from '@headgate/sdk';

/** About the body that they came with. */
const OF_BODY = new Set([
  'content-type',
  'content-length',
  'content-encoding',
  'transfer-encoding',
  'content-disposition',
]);

/** Headers without those that are about a body. */
export function bareHeaders(headers: HeaderList): HeaderList {
  return headers.filter((_, i) => !OF_BODY.has(headers[i - (i % 2)] as string));
}
