/** One SSE event without a name. `json` must be one line, as `JSON.stringify` writes it. */
export function dataEvent(json: string): string {
  return `data: ${json}\n\n`;
}

/** One named SSE event. */
export function namedEvent(name: string, json: string): string {
  return `event: ${name}\ndata: ${json}\n\n`;
}
