import type { HeaderList } from '@headgate/sdk';
import { statusLine } from './status-line.js';
import type { HttpResponse } from './uws.js';

/** What would end a header early and begin another one. */
const LINE_END = /[\r\n\0]/;

/**
 * Writes status and headers. uWebSockets.js copies what it is given between name, colon and line end without looking into
 * it, so all headers go through in one call, which costs a tenth of a call for each; and so it is here that line ends are
 * kept out of names and values: a header with one is dropped.
 */
export function writeHead(res: HttpResponse, status: number, headers: HeaderList): void {
  res.writeStatus(statusLine(status));
  const first = headers[0];
  if (first === undefined) return;
  if (hasForeignLineEnd(headers)) {
    for (let i = 0; i < headers.length; i += 2) {
      const [name, value] = [headers[i] as string, headers[i + 1] as string];
      if (!LINE_END.test(name) && !LINE_END.test(value)) res.writeHeader(name, value);
    }
    return;
  }
  let block = headers[1] as string;
  for (let i = 2; i < headers.length; i += 2) block += `\r\n${headers[i]}: ${headers[i + 1]}`;
  res.writeHeader(first, block);
}

function hasForeignLineEnd(headers: HeaderList): boolean {
  for (let i = 0; i < headers.length; i++) if (LINE_END.test(headers[i] as string)) return true;
  return false;
}
