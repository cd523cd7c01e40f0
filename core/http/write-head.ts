import type { HeaderList } from '@headgate/sdk';
import { statusLine } from './status-line.js';
import type { HttpResponse } from './uws.js';

/**
 * Writes status and headers. uWebSockets.js copies what it is given between name, colon and line end without looking into
 * it, so all headers go through in one call, which costs a tenth of a call for each. It also means that nothing here
 * stops a line end inside a value: whoever makes headers of foreign text cleans it first (see header-text.ts).
 */
export function writeHead(res: HttpResponse, status: number, headers: HeaderList): void {
  res.writeStatus(statusLine(status));
  const first = headers[0];
  if (first === undefined) return;
  let block = headers[1] as string;
  for (let i = 2; i < headers.length; i += 2) block += lineStart(headers[i] as string) + headers[i + 1];
  res.writeHeader(first, block);
}

/** Names repeat, so each is put together with what surrounds it once. Providers make up names, hence the bound. */
const MOST_NAMES = 1000;
const lineStarts = new Map<string, string>();

function lineStart(name: string): string {
  const known = lineStarts.get(name);
  if (known !== undefined) return known;
  const start = `\r\n${name}: `;
  if (lineStarts.size < MOST_NAMES) lineStarts.set(name, start);
  return start;
}
