import type { Step } from './answer.js';
import type { Script } from './script.js';

/** A stream's events with the script's pauses, stall, break or error event worked in. */
export function* paced(events: Iterable<string>, script: Script, errorEvent: string): Generator<Step> {
  let sent = 0;
  for (const event of events) {
    if (sent === script.stallAfter) {
      yield 'stall';
      return;
    }
    if (sent === script.cutAfter) {
      // A connection rarely breaks between two events.
      yield event.slice(0, Math.ceil(event.length / 2));
      yield 'cut';
      return;
    }
    if (sent === script.errorAfter) {
      yield errorEvent;
      return;
    }
    if (script.paceMs > 0 && sent > 0) yield { waitMs: script.paceMs };
    yield event;
    sent++;
  }
}

/** A whole body; a stall or a break comes half-way. */
export function* whole(body: string, script: Script): Generator<Step> {
  if (script.stallAfter < 0 && script.cutAfter < 0) {
    yield body;
    return;
  }
  yield body.slice(0, body.length >> 1);
  yield script.stallAfter >= 0 ? 'stall' : 'cut';
}
