import type { HeaderList } from '@headgate/sdk';

/** An answer's headers for a web `Response`. */
export function webHeaders(list: HeaderList): Headers {
  const headers = new Headers();
  for (let i = 0; i + 1 < list.length; i += 2) {
    try {
      headers.append(list[i] as string, list[i + 1] as string);
    } catch {
      // A provider's header that a parser of HTTP lets through and `Headers` does not: no reason to lose the answer.
    }
  }
  return headers;
}

/** Headers of a web `Request` as the pipeline reads them; names are lower case already. */
export function headerList(headers: Headers): HeaderList {
  const list: HeaderList = [];
  for (const [name, value] of headers) list.push(name, value);
  return list;
}
