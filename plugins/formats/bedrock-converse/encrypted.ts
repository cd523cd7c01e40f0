/**
 * `redactedContent` is a blob, base64 on the wire, and clients of this API decode and encode it again. What another
 * provider encrypted may be any text, so it travels inside the blob behind a mark, and comes back from it unchanged.
 */
const MARK = 'headgate:';

function isBase64(text: string): boolean {
  return Buffer.from(text, 'base64').toString('base64') === text;
}

export function redactedContent(encrypted: string): string {
  return isBase64(encrypted) && !Buffer.from(encrypted, 'base64').toString('latin1').startsWith(MARK)
    ? encrypted
    : Buffer.from(MARK + encrypted, 'utf8').toString('base64');
}

export function encryptedOf(redacted: string): string {
  // Base64 of the mark, whose nine bytes are twelve characters.
  if (!redacted.startsWith(MARKED)) return redacted;
  return Buffer.from(redacted, 'base64').toString('utf8').slice(MARK.length);
}

const MARKED = Buffer.from(MARK).toString('base64');
