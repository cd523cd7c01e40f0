import type { JsonValue, TaskCodec } from '@headgate/sdk';
import type { Exchange } from '../exchange.js';
import { spend } from '../spent.js';
import type { DividedAnswer } from '../upstream/divided-call.js';
import { readPart } from './read-answer.js';

/**
 * Counts the parts of a divided request that were answered, and so are paid for, although the whole of it failed. `answers`
 * are as `DividedCall` keeps them, with holes for parts that were not.
 */
export function wastedParts(x: Exchange, answers: readonly (string | DividedAnswer[number])[]): void {
  const { parts, target } = x;
  const codec = target?.speech.get(x.endpoint.format.id)?.format.task as TaskCodec | undefined;
  if (parts === null || codec === undefined) return;
  answers.forEach((answer, at) => {
    const part = parts[at];
    if (part === undefined) return;
    try {
      const [headers, body] =
        typeof answer === 'string' ? (JSON.parse(answer) as DividedAnswer[number]) : answer;
      spend(x, readPart(codec, part, body as JsonValue, headers).usage);
    } catch {
      // What cannot be read does not say what it used.
    }
  });
}
