import { SignerFailure } from '@headgate/sdk';

const TOKEN_URL = 'https://oauth2.googleapis.com/token';

/** Where the file says that tokens come from. Secrets are sent there. */
export function tokenUrl(file: Record<string, string>): string {
  return secure(file['token_uri'] ?? TOKEN_URL, 'token_uri');
}

export function secure(url: string, name: string): string {
  if (!url.startsWith('https://')) throw new SignerFailure(`${name} of the credentials is not https`);
  return url;
}
