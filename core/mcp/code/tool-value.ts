import type { JsonObject, ToolResult } from '@headgate/sdk';
import type { ToolDefinition } from '../protocol.js';
import { callResult } from '../run/result-parts.js';

/** A tool has failed by its own word; its words are the program's to catch. */
export class ToolFailed extends Error {}

/** What a call gives a program, as JSON: data where there is some, else its text. Throws ToolFailed. */
export function toolValue(result: ToolResult, { returns }: ToolDefinition): string {
  const { text } = callResult(result, Number.POSITIVE_INFINITY);
  if (result.isError === true) throw new ToolFailed(text);
  if (result.structuredContent !== undefined) return JSON.stringify(result.structuredContent);
  if (returns !== null && isJson(text)) return text;
  return JSON.stringify(text);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The argument of a call as a program has written it. Throws an Error that it is told. */
export function argumentsOf(argument: string): JsonObject {
  const value = JSON.parse(argument) as unknown;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new Error('a function is called with one object, such as { path: "…" }');
}
