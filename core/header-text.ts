import type { HeaderList } from '@headgate/sdk';

/** What would end a header early and begin another one, or is no text at all. */
const FOREIGN = /[^\t\x20-\x7e\x80-\xff]/g;
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Text from a client, a plugin or the config as a header value: what has no place in one becomes a question mark. */
export function headerText(text: string): string {
  return text.replace(FOREIGN, '?');
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
  if (NAME.test(name)) headers.push(name.toLowerCase(), headerText(value));
}
