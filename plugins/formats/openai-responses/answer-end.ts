import { closedBetween, topLevelObject, valueOfKeyAt } from '../shared/json-bytes.js';
import { eventData, eventEnd, eventStart } from '../shared/sse-bytes.js';
import { ENDS, typeAt } from './event-type.js';

const STATUS = Buffer.from('"status"');
const DETAILS = Buffer.from('"incomplete_details"');
const REASON = Buffer.from('"reason"');
const QUOTE = 0x22;
/** Longer than any status. */
const MOST_STATUS = 32;

/**
 * Why an answer ended, in the words of `finishOf`: the reason of one that is incomplete, else its status. `''` while it
 * has not ended, or where that is not said.
 */
export function endOfAnswer(answer: Buffer): string {
  const status = statusIn(answer);
  if (status === 'in_progress' || status === 'queued') return '';
  if (status !== 'incomplete') return status;
  const reason = topLevelObject(answer, DETAILS)?.['reason'];
  return typeof reason === 'string' ? reason : status;
}

/** The same of the events that end a stream. */
export function endOfEvents(events: Buffer): string {
  for (const [status, type] of Object.entries(ENDS)) {
    const at = typeAt(events, type);
    if (at === -1) continue;
    if (status !== 'incomplete') return status;
    return reasonIn(events.subarray(eventStart(events, at), eventEnd(events, at))) ?? status;
  }
  return '';
}

/** Parsed only where an answer was cut short. */
function reasonIn(event: Buffer): string | null {
  if (!event.includes(REASON)) return null;
  try {
    const { response } = JSON.parse(eventData(event.toString())) as {
      response?: { incomplete_details?: { reason?: unknown } | null };
    };
    const reason = response?.incomplete_details?.reason;
    return typeof reason === 'string' ? reason : null;
  } catch {
    return null;
  }
}

/** The top-level `status`: items of the output have one, too. OpenAI writes it among the first members. */
function statusIn(answer: Buffer): string {
  let depth = 0;
  let counted = 0;
  for (let at = answer.indexOf(STATUS); at !== -1; at = answer.indexOf(STATUS, at + STATUS.length)) {
    const value = valueOfKeyAt(answer, at, STATUS.length);
    if (value === -1) continue;
    depth -= closedBetween(answer, counted, at);
    counted = at;
    if (depth !== 1) continue;
    const end = answer[value] === QUOTE ? answer.indexOf(QUOTE, value + 1) : -1;
    return end === -1 || end - value > MOST_STATUS ? '' : answer.toString('latin1', value + 1, end);
  }
  return '';
}
