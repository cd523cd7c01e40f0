import { SignerFailure } from '@headgate/sdk';

/** A credential that is the text of a JSON object, as its texts by name; null when it is none. */
export function credentialJson(credential: string): Record<string, string> | null {
  if (!credential.trimStart().startsWith('{')) return null;
  let value: unknown;
  try {
    value = JSON.parse(credential);
  } catch {
    // The parser's own words would quote the secret.
    throw new SignerFailure('the credential begins like JSON but cannot be read as such');
  }
  return Object.fromEntries(
    Object.entries(value as object).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );
}

/** The named texts. Throws when one is missing. */
export function needed<Name extends string>(
  from: Record<string, string | undefined>,
  names: readonly Name[],
  what: string,
): Record<Name, string> {
  const missing = names.filter((name) => !from[name]);
  if (missing.length > 0) throw new SignerFailure(`${what} lacks ${missing.join(' and ')}`);
  return from as Record<Name, string>;
}
