import type { HeaderList } from '@headgate/sdk';

/**
 * What the client sent as its key, from whichever header its SDK uses: `Authorization: Bearer` (OpenAI and most),
 * `x-api-key` (Anthropic), `api-key` (Azure), `x-goog-api-key` (Google). Null when it sent none.
 */
export function credentialOf(headers: HeaderList): string | null {
  for (let i = 0; i < headers.length; i += 2) {
    const value = headers[i + 1] as string;
    switch (headers[i]) {
      case 'authorization':
        if (value.length > 7 && value.slice(0, 7).toLowerCase() === 'bearer ') return value.slice(7).trim();
        break;
      case 'x-api-key':
      case 'api-key':
      case 'x-goog-api-key':
        if (value !== '') return value;
        break;
    }
  }
  return null;
}
