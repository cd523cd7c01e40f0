import { createHash } from 'node:crypto';

/** OpenAI refuses longer ids of calls and items. */
const LONGEST_ID = 64;

/** A call id that this API takes; the same for a call and its output, in this turn and the next. */
export function callId(id: string, same: boolean): string {
  return same || id.length <= LONGEST_ID ? id : `call_${digest(id)}`;
}

/** 32 characters that stand for a longer text. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
