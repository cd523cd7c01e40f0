import type { JsonObject, JsonValue } from '@headgate/sdk';
import { Refusal } from './answer.js';

export const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The text of a message's content, whether it is a string or parts (`text`, or tool results inside them). */
export function textOf(content: JsonValue | undefined): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  const texts: string[] = [];
  for (const part of content) {
    if (typeof part === 'string') texts.push(part);
    else if (isObject(part) && typeof part['text'] === 'string') texts.push(part['text']);
  }
  return texts.join('\n');
}

/** A required, non-empty array of objects. Throws {@link Refusal} in OpenAI's words. */
export function messagesOf(body: JsonObject, name: string): JsonObject[] {
  const list = body[name];
  if (list === undefined)
    throw new Refusal(400, `Missing required parameter: '${name}'.`, name, 'missing_required_parameter');
  if (!Array.isArray(list))
    throw new Refusal(
      400,
      `Invalid type for '${name}': expected an array of objects, but got ${kindOf(list)} instead.`,
      name,
      'invalid_type',
    );
  if (list.length === 0)
    throw new Refusal(
      400,
      `Invalid '${name}': empty array. Expected an array with minimum length 1, but got an empty array instead.`,
      name,
      'empty_array',
    );
  return list.map((item, i) => {
    if (isObject(item)) return item;
    throw new Refusal(
      400,
      `Invalid type for '${name}[${i}]': expected an object, but got ${kindOf(item)} instead.`,
      `${name}[${i}]`,
      'invalid_type',
    );
  });
}

/** An optional number within limits. Throws {@link Refusal} in OpenAI's words. */
export function numberIn(
  body: JsonObject,
  name: string,
  least: number,
  most = Number.POSITIVE_INFINITY,
): number | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number')
    throw new Refusal(
      400,
      `Invalid type for '${name}': expected a number, but got ${kindOf(value)} instead.`,
      name,
      'invalid_type',
    );
  if (value < least)
    throw new Refusal(
      400,
      `Invalid '${name}': below minimum value. Expected a value >= ${least}, but got ${value} instead.`,
      name,
      'integer_below_min_value',
    );
  if (value > most)
    throw new Refusal(
      400,
      `Invalid '${name}': above maximum value. Expected a value <= ${most}, but got ${value} instead.`,
      name,
      'decimal_above_max_value',
    );
  return value;
}

export function stringsOf(value: JsonValue | undefined): string[] {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}

export function kindOf(value: JsonValue | undefined): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  return typeof value === 'number' && Number.isInteger(value) ? 'an integer' : `a ${typeof value}`;
}
