/** Bytes of a key of AES-256. */
const BYTES = 32;

/**
 * The keys of a text such as `HEADGATE_ENCRYPTION_KEY` has: 32 bytes each, as base64 (also the form for URLs) or hexadecimal,
 * joined by commas. Null when one of them is something else.
 */
export function parseEncryptionKeys(text: string): Buffer[] | null {
  const keys: Buffer[] = [];
  for (const one of text.split(',')) {
    const word = one.trim();
    const hex = /^[0-9a-fA-F]{64}$/.test(word);
    if (!hex && !/^[A-Za-z0-9+/_-]{43}=?$/.test(word)) return null;
    const key = Buffer.from(word, hex ? 'hex' : 'base64');
    if (key.length !== BYTES) return null;
    keys.push(key);
  }
  return keys;
}
