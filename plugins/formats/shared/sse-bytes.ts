const LF = 0x0a;
const CR = 0x0d;

/** True when a line ends right before `at`, that is when `at` starts a line. */
function startsLine(bytes: Buffer, at: number): boolean {
  return at === 0 || bytes[at - 1] === LF || bytes[at - 1] === CR;
}

/** The offset where the SSE event around `at` starts: after the last empty line before it. */
export function eventStart(bytes: Buffer, at: number): number {
  for (let i = at; i > 0; i--) {
    if (!startsLine(bytes, i)) continue;
    // The line before `i` is empty when its own end is preceded by another end of line.
    let end = i - 1;
    if (bytes[end] === LF && bytes[end - 1] === CR) end--;
    if (startsLine(bytes, end)) return i;
  }
  return 0;
}

/** The offset after the empty line that ends the SSE event around `at`; the end of the bytes when there is none. */
export function eventEnd(bytes: Buffer, at: number): number {
  for (let i = at; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte !== LF && byte !== CR) continue;
    const next = byte === CR && bytes[i + 1] === LF ? i + 2 : i + 1;
    if (bytes[next] === LF) return next + 1;
    if (bytes[next] === CR) return bytes[next + 1] === LF ? next + 2 : next + 1;
  }
  return bytes.length;
}

/** The joined `data` lines of one event. */
export function eventData(event: string): string {
  let data = '';
  let first = true;
  for (const line of event.split(/\r\n|\n|\r/)) {
    if (!line.startsWith('data:')) continue;
    const value = line.slice(line.charCodeAt(5) === 0x20 ? 6 : 5);
    data = first ? value : `${data}\n${value}`;
    first = false;
  }
  return data;
}
