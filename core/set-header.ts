import type { HeaderList } from '@headgate/sdk';

/** Puts a value in the place of the first of that lower-case name, or behind all. */
export function setHeader(headers: HeaderList, name: string, value: string): void {
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] !== name) continue;
    headers[i + 1] = value;
    return;
  }
  headers.push(name, value);
}
