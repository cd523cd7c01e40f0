/**
 * Whether a key for one origin may go to another: the same host, or one under the domain that the first is directly under
 * (`https://api.bfl.ai` and `https://api.eu4.bfl.ai`). Never over plain HTTP instead of TLS.
 */
export function isSameSite(origin: string, other: string): boolean {
  if (!URL.canParse(other)) return false;
  const [own, theirs] = [new URL(origin), new URL(other)];
  if (theirs.protocol !== own.protocol) return false;
  if (theirs.hostname === own.hostname) return true;
  const parent = own.hostname.slice(own.hostname.indexOf('.'));
  const isName = /[a-z]$/i.test(own.hostname) && parent.slice(1).includes('.');
  return isName && theirs.hostname.endsWith(parent);
}
