/** One part of a multipart form as it came. */
interface FormField {
  name: string;
  filename: string | null;
  contentType: string;
  value: Buffer;
}

/** The parts of a multipart body in their order; throws when the body is not what its content type says. */
export function formFields(body: Buffer, contentType: string): FormField[] {
  const boundary = /boundary=("?)([^";]+)\1/.exec(contentType)?.[2];
  if (boundary === undefined) throw new Error('no boundary');
  const delimiter = Buffer.from(`--${boundary}`);
  if (!body.subarray(0, delimiter.length).equals(delimiter))
    throw new Error('the boundary does not begin it');
  const fields: FormField[] = [];
  for (let at = delimiter.length; ; ) {
    if (body.toString('latin1', at, at + 2) === '--') return fields;
    const headersEnd = body.indexOf('\r\n\r\n', at);
    const end = body.indexOf(`\r\n--${boundary}`, headersEnd + 2);
    if (headersEnd < 0 || end < 0) throw new Error('a part does not end');
    const headers = body.toString('utf8', at, headersEnd);
    fields.push({
      name: /[; ]name="([^"]*)"/.exec(headers)?.[1] ?? '',
      filename: /filename="([^"]*)"/.exec(headers)?.[1] ?? null,
      contentType: /content-type: *(.+)/i.exec(headers)?.[1]?.trim() ?? '',
      value: body.subarray(headersEnd + 4, Math.max(headersEnd + 4, end)),
    });
    at = end + 2 + delimiter.length;
  }
}
