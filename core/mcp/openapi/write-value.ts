import { isObject } from '../json-object.js';
import type { ValueStyle } from './parameters.js';

/** An argument that cannot be sent; told to whoever made the call. */
export class BadArgument extends Error {}

const text = (value: unknown): string =>
  value === null || value === undefined
    ? ''
    : typeof value === 'object'
      ? JSON.stringify(value)
      : String(value);

/** Names of a value's parts, and what they hold: one for a plain value. */
type Pairs = [name: string, value: string][];

/** `a=1&a=2`, without a question mark. Source: OpenAPI 3.1, "Style Values". */
export function queryText(name: string, value: unknown, style: ValueStyle): string {
  const encode = style.reserved ? reservedText : encodeURIComponent;
  return pairsOf(name, value, style, encode)
    .map(([key, one]) => `${key}=${one}`)
    .join('&');
}

function pairsOf(name: string, value: unknown, how: ValueStyle, encode: (text: string) => string): Pairs {
  const key = encodeURIComponent(name);
  if (how.json) return [[key, encode(JSON.stringify(value))]];
  if (how.style === 'deepObject' && isObject(value)) return deep(key, value, encode);
  const between = { spaceDelimited: '%20', pipeDelimited: '%7C' }[how.style as string] ?? ',';
  if (Array.isArray(value)) {
    if (how.explode) return value.map((one) => [key, encode(text(one))]);
    return [[key, value.map((one) => encode(text(one))).join(between)]];
  }
  if (isObject(value)) {
    const parts = partsOf(value, encode);
    if (how.explode) return parts;
    return [[key, parts.flat().join(between)]];
  }
  return [[key, encode(text(value))]];
}

function deep(key: string, value: object, encode: (text: string) => string): Pairs {
  return Object.entries(value).flatMap(([name, one]): Pairs => {
    const inside = `${key}[${encodeURIComponent(name)}]`;
    if (one === undefined) return [];
    if (Array.isArray(one)) return one.map((item) => [inside, encode(text(item))]);
    return isObject(one) ? deep(inside, one, encode) : [[inside, encode(text(one))]];
  });
}

/** What goes in the place of `{name}`. */
export function pathText(name: string, value: unknown, how: ValueStyle): string {
  const { style, explode, json } = how;
  const encode = encodeURIComponent;
  if (json) return encode(JSON.stringify(value));
  const first = { label: '.', matrix: `;${encode(name)}=` }[style as string] ?? '';
  const rest = explode ? ({ label: '.', matrix: `;${encode(name)}=` }[style as string] ?? ',') : ',';
  if (Array.isArray(value)) return first + value.map((one) => encode(text(one))).join(rest);
  if (!isObject(value)) return first + encode(text(value));
  const parts = partsOf(value, encode);
  if (!explode) return first + parts.flat().join(',');
  const between = { label: '.', matrix: ';' }[style as string] ?? ',';
  const begin = { label: '.', matrix: ';' }[style as string] ?? '';
  return begin + parts.map(([key, one]) => `${key}=${one}`).join(between);
}

/** Throws BadArgument for what no header can hold. */
export function headerText(name: string, value: unknown, { explode, json }: ValueStyle): string {
  const plain = (): string => {
    if (json) return JSON.stringify(value);
    if (Array.isArray(value)) return value.map(text).join(',');
    if (!isObject(value)) return text(value);
    const parts = partsOf(value, (one) => one);
    return explode ? parts.map((pair) => pair.join('=')).join(',') : parts.flat().join(',');
  };
  const written = plain();
  if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(written))
    throw new BadArgument(`"${name}" is sent as a header, which cannot hold line breaks and the like`);
  return written;
}

/** `name=value; …` */
export function cookieText(name: string, value: unknown, style: ValueStyle): string {
  return queryText(name, value, { ...style, reserved: false }).replaceAll('&', '; ');
}

function partsOf(value: object, encode: (text: string) => string): Pairs {
  return Object.entries(value)
    .filter(([, one]) => one !== undefined)
    .map(([name, one]) => [encode(name), encode(text(one))]);
}

/** What has a meaning in addresses stays, but for what would end the value. */
function reservedText(value: string): string {
  return encodeURI(value).replace(/[#&+]/g, encodeURIComponent);
}

/** How properties of forms are written that say nothing of that. */
export const OF_FORMS: ValueStyle = { style: 'form', explode: true, reserved: false, json: false };
