import { type JsonObject, type JsonValue, MalformedBody, type ProviderReply } from '@headgate/sdk';
import { isObject } from '../../formats/shared/read-json.js';

/** The reply as a JSON object. Throws MalformedBody, or a SyntaxError, when it is none. */
export function objectOf({ body }: ProviderReply): JsonObject {
  const parsed = JSON.parse(body.toString('utf8')) as JsonValue;
  if (!isObject(parsed)) throw new MalformedBody('it is not a JSON object');
  return parsed;
}

export function objectAt(object: JsonObject, name: string): JsonObject {
  const value = object[name];
  return isObject(value) ? value : {};
}

export function objectsAt(object: JsonObject, name: string): JsonObject[] {
  const value = object[name];
  return Array.isArray(value) ? value.filter(isObject) : [];
}

export function textAt(object: JsonObject, name: string): string {
  const value = object[name];
  return typeof value === 'string' ? value : '';
}

export function numberAt(object: JsonObject, name: string): number | undefined {
  const value = object[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
