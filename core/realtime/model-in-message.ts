import type { SocketFormat } from '@headgate/sdk';
import { compileFields, type FieldSet } from '../wire/json-fields.js';
import { readString } from '../wire/json-read.js';
import { scanTopLevel } from '../wire/json-scan.js';
import { FieldSpans } from '../wire/json-spans.js';
import { splice } from '../wire/json-splice.js';

/** Where a message names its model. */
export interface ModelPlace {
  readonly model: string;
  /** Offsets of the JSON string. */
  readonly start: number;
  readonly end: number;
}

/** `twice`: the message names a member on the way more than once, and parsers would not agree which one counts. */
export type ModelSearch = ModelPlace | 'none' | 'twice';

interface Level {
  readonly fields: FieldSet;
  readonly spans: FieldSpans;
}

const levels = new Map<string, Level>();

/** Finds the string under these names, outermost first. Nothing is parsed. */
export function findModel(message: Buffer, path: readonly string[]): ModelSearch {
  let start = 0;
  let end = message.length;
  for (const name of path) {
    const { fields, spans } = levelOf(name);
    if (scanTopLevel(message.subarray(start, end), fields, spans) !== 'ok') return 'none';
    if (spans.duplicate >= 0 || spans.lookAlike >= 0) return 'twice';
    if (!spans.has(0)) return 'none';
    end = start + spans.end(0);
    start += spans.start(0);
  }
  const model = readString(message, start, end);
  return model === undefined || model === '' ? 'none' : { model, start, end };
}

/** The message with another name there. */
export function renameModel(message: Buffer, { start, end }: ModelPlace, name: string): Buffer {
  return splice(message, [{ start, end, bytes: Buffer.from(JSON.stringify(name)) }]);
}

/** What stands before the model in a name as a client writes it. */
export function prefixOf({ modelPrefix }: SocketFormat, name: string): string {
  if (modelPrefix === undefined) return '';
  if (typeof modelPrefix === 'string') return name.startsWith(modelPrefix) ? modelPrefix : '';
  return modelPrefix.exec(name)?.[0] ?? '';
}

function levelOf(name: string): Level {
  let level = levels.get(name);
  if (level === undefined) {
    const fields = compileFields([name]);
    level = { fields, spans: new FieldSpans(fields) };
    levels.set(name, level);
  }
  return level;
}
