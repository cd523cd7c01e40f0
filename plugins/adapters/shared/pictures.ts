import {
  type AdapterAnswer,
  type AdapterCall,
  type CallFile,
  type JsonObject,
  MalformedBody,
  type Usage,
} from '@headgate/sdk';
import { dataUrl } from '../../formats/shared/data-url.js';
import { filesOf, flag, neededFile, number, text, without } from './fields.js';

/** A picture as a provider gives it: bytes in base64, or an address. */
export type Picture =
  | { readonly base64: string; readonly contentType?: string; readonly prompt?: string }
  | { readonly url: string; readonly prompt?: string };

const DATA_URL = /^data:([\w./+-]+);base64,/;

/** A picture of an address, which may be a data URL. */
export function pictureAt(url: string, prompt?: string): Picture {
  const found = DATA_URL.exec(url);
  const said = prompt === undefined ? {} : { prompt };
  if (found === null) return { url, ...said };
  return { base64: url.slice(found[0].length), contentType: found[1] as string, ...said };
}

/**
 * The answer to `images/…`: `{ created, data: [{ b64_json | url, revised_prompt? }] }`. Who asks for `response_format: "url"`
 * of a provider that sends bytes gets a data URL. As an event, where the client wants events.
 */
export function picturesAnswer(
  call: AdapterCall,
  pictures: readonly Picture[],
  usage?: { openai: JsonObject; usage: Usage },
): AdapterAnswer {
  if (pictures.length === 0) throw new MalformedBody('it has no picture');
  const created = Math.floor(Date.now() / 1000);
  const asUrl = text(call, 'response_format') === 'url';
  const data = pictures.map((picture) => entryOf(picture, asUrl));
  const told = usage === undefined ? {} : { usage: usage.usage };
  const used = usage === undefined ? {} : { usage: usage.openai };
  if (!flag(call, 'stream')) return { body: { created, data, ...used }, ...told };
  const edit = call.name === 'images/edits';
  const type = edit ? 'image_edit.completed' : 'image_generation.completed';
  const events = data.map((entry) => {
    const event = { type, ...entry, created_at: created, ...used };
    return `event: ${type}\ndata: ${JSON.stringify(event)}\n\n`;
  });
  return { body: Buffer.from(events.join('')), contentType: 'text/event-stream', ...told };
}

function entryOf(picture: Picture, asUrl: boolean): JsonObject {
  const said = picture.prompt === undefined ? {} : { revised_prompt: picture.prompt };
  if ('url' in picture) return { url: picture.url, ...said };
  const { base64, contentType = 'image/png' } = picture;
  return without(asUrl ? { url: dataUrl(contentType, base64), ...said } : { b64_json: base64, ...said });
}

/** Fields of `images/…` that every adapter reads. */
export const PICTURE_FIELDS = ['prompt', 'n', 'size', 'response_format', 'stream', 'image', 'mask'];

/** The same at a provider that makes one picture a request: it has no words for another `n`. */
export function fieldsOfOnePicture(call: AdapterCall): string[] {
  return number(call, 'n') === 1 ? PICTURE_FIELDS : PICTURE_FIELDS.filter((name) => name !== 'n');
}

/** The provider gives addresses, and nothing else. */
export function onlyUrls(call: AdapterCall): string[] {
  return text(call, 'response_format') === 'b64_json' ? ['response_format'] : [];
}

/** The pictures that the client sent. Throws MalformedBody when there are none to edit. */
export function imagesOf(call: AdapterCall): CallFile[] {
  if (call.name === 'images/edits') neededFile(call, 'image');
  return filesOf(call, 'image');
}
