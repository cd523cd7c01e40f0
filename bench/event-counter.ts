/** Counts the `data:` lines of an SSE body that comes in pieces of any size, and notes OpenAI's closing `[DONE]`. */

const NEWLINE = 10;
const LINE = Buffer.from('data: [DONE]');
const EVENT_AT = 'data:'.length;

export class EventCounter {
  events = 0;
  done = false;
  /** How many bytes of `LINE` the current line has matched so far; -1 once it differs. */
  private matched = 0;

  reset(): void {
    this.events = 0;
    this.done = false;
    this.matched = 0;
  }

  push(bytes: Buffer, from: number, to: number): void {
    for (let at = from; at < to; at++) {
      if (this.matched < 0) {
        // Past the part of the line that says what it is: the native search skips the rest.
        at = bytes.indexOf(NEWLINE, at);
        if (at === -1 || at >= to) return;
      }
      const byte = bytes[at];
      if (byte === NEWLINE) this.matched = 0;
      else if (byte === LINE[this.matched]) this.advance();
      else this.matched = -1;
    }
  }

  private advance(): void {
    this.matched++;
    if (this.matched === EVENT_AT) this.events++;
    if (this.matched !== LINE.length) return;
    this.done = true;
    this.matched = -1;
  }
}
