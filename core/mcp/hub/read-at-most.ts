/** The body is larger than is taken. */
export class BodyTooLarge extends Error {}

/** The whole body. Rejects with BodyTooLarge, and reads no further, when it is larger. */
export async function readAtMost({ body }: Response, maxBytes: number): Promise<Buffer> {
  if (body === null) return Buffer.alloc(0);
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    size += read.value.length;
    if (size > maxBytes) {
      reader.cancel().catch(() => {});
      throw new BodyTooLarge(`it is larger than ${maxBytes} bytes`);
    }
    chunks.push(read.value);
  }
  return Buffer.concat(chunks);
}
