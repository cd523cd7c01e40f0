import { SignerFailure } from '@headgate/sdk';

export type JsonObject = Record<string, unknown>;

/** A credential that is the text of a JSON object; null when it is none. */
export function jsonObject(credential: string): JsonObject | null {
  if (!credential.trimStart().startsWith('{')) return null;
  try {
    return JSON.parse(credential) as JsonObject;
  } catch {
    // The parser's own words would quote the secret.
    throw new SignerFailure('the credential begins like JSON but cannot be read as such');
  }
}

/** As {@link jsonObject}, its texts only. */
export function credentialJson(credential: string): Record<string, string> | null {
  const object = jsonObject(credential);
  return object === null ? null : textsOf(object);
}

/** What is a text in the object, by name. */
export function textsOf(object: JsonObject): Record<string, string> {
  return Object.fromEntries(
    Object.entries(object).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
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
