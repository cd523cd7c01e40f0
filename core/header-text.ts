import type { HeaderList } from '@headgate/sdk';

/** What would end a header early and begin another one, or is no text at all. */
const FOREIGN = /[^\t\x20-\x7e\x80-\xff]/g;
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Text from a client, a plugin or the config as a header value: what has no place in one becomes a question mark. */
export function headerText(text: string): string {
  // Nearly every value is a short number or name: looking at it costs less than the expression.
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code > 0x7e) return text.replace(FOREIGN, '?');
  }
  return text;
}

/** Headers from a plugin: impossible names are left out, values are cleaned, names are lower case. */
export function cleanHeaders(headers: HeaderList): HeaderList {
  const clean: HeaderList = [];
  for (let i = 0; i + 1 < headers.length; i += 2)
    addHeader(clean, String(headers[i]), String(headers[i + 1]));
  return clean;
}

/** Adds one header from a plugin, cleaned in the same way. */
export function addHeader(headers: HeaderList, name: string, value: string): void {
  const lower = lowerName(name);
  if (lower !== '') headers.push(lower, headerText(value));
}

/** Plugins say the same few names with every request. */
const MOST_NAMES = 1000;
const lowerNames = new Map<string, string>();

/** In lower case; empty when it is no name. */
function lowerName(name: string): string {
  const known = lowerNames.get(name);
  if (known !== undefined) return known;
  const lower = NAME.test(name) ? name.toLowerCase() : '';
  if (lowerNames.size < MOST_NAMES) lowerNames.set(name, lower);
  return lower;
}
