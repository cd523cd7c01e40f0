/** What becomes of a body that is passed on piece by piece. */
export interface BodyEvents {
  /** It, or one event of it, has more bytes than allowed; the reader gets an error. */
  tooLarge(): void;
  /** It has ended, or was cut off. `resumable`: it was a stream whose server lets clients come back to it. */
  ended(resumable: boolean): void;
}

const ID_FIELD = Buffer.from('\nid:');

/**
 * The same answer with a limit on what it may hold: on the whole of a JSON document, on each event of an event stream, which
 * may go on for ever.
 */
export function bounded(response: Response, maxBytes: number, on: BodyEvents): Response {
  const { body, status, statusText, headers } = response;
  if (body === null) {
    on.ended(false);
    return response;
  }
  const isStream = (headers.get('content-type') ?? '').startsWith('text/event-stream');
  let size = 0;
  let resumable = false;
  let lineIsEmpty = true;
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  const checked = new ReadableStream<Uint8Array>({
    async pull(controller) {
      let chunk: Awaited<ReturnType<typeof reader.read>>;
      try {
        chunk = await reader.read();
      } catch (error) {
        on.ended(resumable);
        controller.error(error);
        return;
      }
      if (chunk.done) {
        controller.close();
        on.ended(resumable);
        return;
      }
      const bytes = chunk.value;
      if (isStream) {
        resumable ||= Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(ID_FIELD) >= 0;
        ({ size, lineIsEmpty } = sinceLastEvent(bytes, size, lineIsEmpty));
      } else size += bytes.length;
      if (size > maxBytes) {
        on.tooLarge();
        controller.error(new Error(`the answer has more than ${maxBytes} bytes`));
        reader.cancel().catch(() => {});
        return;
      }
      controller.enqueue(bytes);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return new Response(checked, { status, statusText, headers });
}

/** Bytes since the last empty line. */
function sinceLastEvent(
  bytes: Uint8Array,
  before: number,
  wasEmpty: boolean,
): { size: number; lineIsEmpty: boolean } {
  let size = before;
  let lineIsEmpty = wasEmpty;
  let from = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, from)) {
    const length = at - from;
    const isEmpty = lineIsEmpty && (length === 0 || (length === 1 && bytes[from] === 13));
    size = isEmpty ? 0 : size + length + 1;
    lineIsEmpty = true;
    from = at + 1;
  }
  if (from < bytes.length) {
    size += bytes.length - from;
    lineIsEmpty = false;
  }
  return { size, lineIsEmpty };
}
