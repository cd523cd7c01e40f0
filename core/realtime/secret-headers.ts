import type { HeaderList } from '@headgate/sdk';
import type { ProviderKey } from '../route/key-ring.js';

/** The key's headers with a secret of the provider in the place of the key. */
export function secretHeaders(key: ProviderKey, secret: string, scheme = 'Bearer'): HeaderList {
  const headers: HeaderList = [];
  for (let i = 0; i < key.headers.length; i += 2) {
    const value = key.headers[i + 1] as string;
    if (key.credential !== '' && value.includes(key.credential)) continue;
    headers.push(key.headers[i] as string, value);
  }
  return [...headers, 'authorization', `${scheme} ${secret}`];
}
