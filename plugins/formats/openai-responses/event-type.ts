const TYPE = Buffer.from('"type"');
const COLON = 0x3a;
const SPACE = 0x20;

const COMPLETED = Buffer.from('"response.completed"');
const INCOMPLETE = Buffer.from('"response.incomplete"');
export const FAILED = Buffer.from('"response.failed"');
/** Events that end a stream. */
export const ENDS = { completed: COMPLETED, incomplete: INCOMPLETE, failed: FAILED };

/** True when the string at `at` is the value of `type`: a model may well write the name of an event as its text. */
function isType(events: Buffer, at: number): boolean {
  let before = at - 1;
  while (events[before] === SPACE) before--;
  if (events[before] !== COLON) return false;
  before--;
  while (events[before] === SPACE) before--;
  const from = before + 1 - TYPE.length;
  return from >= 0 && TYPE.compare(events, from, before + 1) === 0;
}

/** Where these events first name `type` as theirs; -1 when none does. `type` is in quotes. */
export function typeAt(events: Buffer, type: Buffer): number {
  for (let at = events.indexOf(type); at !== -1; at = events.indexOf(type, at + type.length))
    if (isType(events, at)) return at;
  return -1;
}

export function hasType(events: Buffer, type: Buffer): boolean {
  return typeAt(events, type) !== -1;
}
