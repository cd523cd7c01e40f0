import { type JsonObject, type JsonValue, MalformedBody } from '@headgate/sdk';
import { isObject } from './read-json.js';

/** Parses without throwing; undefined when the text is no JSON. */
export function tryParse(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}

/** The data of one stream event, which has to be a JSON object. */
export function eventObject(data: string): JsonObject {
  const value = tryParse(data);
  if (isObject(value)) return value;
  throw new MalformedBody('a stream event must hold a JSON object');
}
