import type { CallFile, JsonObject } from '@headgate/sdk';
import { parsedBody } from '../canonical-of.js';
import { gatewayError } from '../errors.js';
import type { Exchange } from '../exchange.js';
import type { FormContents } from '../forward/form-contents.js';
import type { FormFile, FormText } from '../forward/form-scan.js';
import type { Forward } from '../forward/forward.js';

/** What a client asks for in OpenAI's words, whatever the target. */
export interface AskedCall {
  readonly fields: JsonObject;
  readonly files: readonly CallFile[];
}

/** Reads JSON or a form. Throws, or rejects, with what is wrong with it. */
export function readCall(x: Exchange): AskedCall | Promise<AskedCall> {
  const { form } = x.forward as Forward;
  const limit = x.runtime.config.server.bodyLimitBytes;
  if (form !== null)
    return form.contents().then((contents) => ({
      fields: fieldsOf(contents.texts),
      files: filesOf(contents, limit),
    }));
  if (x.incoming.body.streamed) throw gatewayError('invalid_field', { why: NO_BODY });
  const fields = parsedBody(x);
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields))
    throw gatewayError('invalid_field', { why: NO_BODY });
  return { fields, files: [] };
}

function filesOf(contents: FormContents, limit: number): CallFile[] {
  // What several files come to in memory is bounded as one body is.
  const room = { left: limit, limit };
  return contents.files.map((file) => new FileOfForm(contents, file, room));
}

const NO_BODY = 'the body must be a JSON object or a multipart form';

function fieldsOf(texts: readonly FormText[]): JsonObject {
  const fields: JsonObject = {};
  for (const { name, value } of texts) {
    const isList = name.endsWith('[]');
    const key = bare(name);
    const known = Object.hasOwn(fields, key) ? fields[key] : undefined;
    if (Array.isArray(known)) known.push(value);
    else if (known !== undefined) fields[key] = [known, value];
    else fields[key] = isList ? [value] : value;
  }
  return fields;
}

function bare(name: string): string {
  return name.replace(/\[\]$/, '');
}

class FileOfForm implements CallFile {
  readonly field: string;
  readonly name: string;
  readonly contentType: string;
  readonly size: number;

  constructor(
    private readonly contents: FormContents,
    private readonly file: FormFile,
    private readonly room: { left: number; readonly limit: number },
  ) {
    this.field = bare(file.name);
    this.name = file.filename;
    this.contentType = file.contentType;
    this.size = file.end - file.start;
  }

  async bytes(): Promise<Buffer> {
    const { room } = this;
    room.left -= this.size;
    if (room.left < 0) throw gatewayError('body_too_large', { limit: room.limit });
    const chunks: Buffer[] = [];
    for await (const chunk of this.chunks()) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  chunks(): AsyncIterable<Buffer> {
    return this.contents.chunks(this.file);
  }
}
