/** Flat list of header names and values: `[name, value, name, value, …]`. Names are lower case. */
export type HeaderList = string[];

/** Value of the first header of that lower-case name, or undefined. */
export function headerOf(headers: HeaderList, name: string): string | undefined {
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === name) return headers[i + 1];
  return undefined;
}
