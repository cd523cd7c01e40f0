const LINE_END = /\r\n|\r|\n/g;

/** One Server-Sent Event without a type. Line ends in the text, which JSON text has none of, start further data lines. */
export function sseData(text: string): string {
  return `data: ${hasLineEnd(text) ? text.replace(LINE_END, '\ndata: ') : text}\n\n`;
}

/** One Server-Sent Event with a type. Throws a TypeError for a type of more than one line: it would forge fields. */
export function sseEvent(event: string, text: string): string {
  if (hasLineEnd(event)) throw new TypeError('the type of an event must not have line ends');
  return `event: ${event}\n${sseData(text)}`;
}

/** Two searches for one character: far cheaper than the pattern, and this runs for every event. */
function hasLineEnd(text: string): boolean {
  return text.includes('\n') || text.includes('\r');
}
