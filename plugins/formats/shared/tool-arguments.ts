import type { JsonObject } from '@headgate/sdk';
import { tryParse } from './parse-json.js';
import { isObject } from './read-json.js';

/**
 * Arguments as the object that an API wants. No arguments are `{}`. A text that is no JSON object, which models do
 * write and which custom tools write by design, is kept under one name so that nothing of it is lost.
 */
export function argumentsObject(text: string): JsonObject {
  if (text.trim() === '') return {};
  const parsed = tryParse(text);
  return isObject(parsed) ? parsed : { input: text };
}

/** The same as JSON text: what is an object already stays as the model wrote it. */
export function argumentsJson(text: string): string {
  return isObject(tryParse(text)) ? text : JSON.stringify(argumentsObject(text));
}

/**
 * The same for arguments that come in pieces. What begins as an object passes piece by piece; all else is held until its
 * end, since only then it can be wrapped.
 */
export class ArgumentsWriter {
  private held = '';
  private passes = false;

  /** What can be written of the arguments by now. */
  push(text: string): string {
    if (this.passes) return text;
    this.held += text;
    this.passes = this.held.trimStart().startsWith('{');
    return this.passes ? this.held : '';
  }

  /** What is still owed when they are whole. */
  end(): string {
    return this.passes ? '' : JSON.stringify(argumentsObject(this.held));
  }
}
