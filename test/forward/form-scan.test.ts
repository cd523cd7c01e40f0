import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundaryOf, FormScan } from '../../core/forward/form-scan.js';

const BOUNDARY = 'x-b0undary';

interface Part {
  name: string;
  filename: string | null;
  value: Buffer;
}

function formOf(parts: readonly Part[]): Buffer {
  const pieces = parts.flatMap(({ name, filename, value }) => [
    Buffer.from(
      `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${filename === null ? '' : `; filename="${filename}"`}\r\n\r\n`,
    ),
    value,
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([...pieces, Buffer.from(`--${BOUNDARY}--\r\n`)]);
}

/** Bytes that look much like the frame around them, but are not it. */
const nasty = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\r\n',
        '\r',
        '--',
        `\r\n--${BOUNDARY.slice(0, -1)}`,
        `--${BOUNDARY}`,
        'name="model"',
        '\r\n\r\n',
      ),
      fc.string(),
    ),
    { maxLength: 12 },
  )
  .map((texts) => Buffer.from(texts.join('')))
  .filter((bytes) => !Buffer.concat([Buffer.from('\r\n'), bytes]).includes(`\r\n--${BOUNDARY}`));

const part = fc.record({
  name: fc.constantFrom('prompt', 'file', 'models', 'purpose'),
  filename: fc.option(fc.constantFrom('a.wav', 'model')),
  value: nasty,
});
const model = fc.record({
  name: fc.constant('model'),
  filename: fc.constant(null),
  value: fc.stringMatching(/^[a-z0-9/:. -]{1,60}$/).map((text) => Buffer.from(text)),
});

describe('the scan of a form', () => {
  it('finds the first model wherever it stands and however the bytes come', () => {
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 4 }),
        model,
        fc.array(part, { maxLength: 3 }),
        fc.infiniteStream(fc.nat(40)),
        (before, wanted, after, cuts) => {
          const bytes = formOf([...before, wanted, ...after]);
          const scan = new FormScan(BOUNDARY);
          for (let at = 0; at < bytes.length; ) {
            const size = 1 + (cuts.next().value ?? 0);
            scan.push(bytes.subarray(at, at + size));
            at += size;
          }
          expect(scan.why).toBeNull();
          const { found } = scan;
          expect(found?.model).toBe(wanted.value.toString());
          expect(bytes.subarray(found?.start, found?.end).equals(wanted.value)).toBe(true);
          expect(scan.sawFile).toBe(before.some(({ filename }) => filename !== null));
        },
      ),
    );
  });

  it('ends without one where there is none', () => {
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
        const scan = new FormScan(BOUNDARY);
        scan.push(formOf(parts));
        expect([scan.found, scan.ended, scan.why]).toEqual([null, true, null]);
      }),
    );
  });

  it('survives any bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 })), (chunks) => {
        const scan = new FormScan(BOUNDARY);
        for (const chunk of [Buffer.from(`--${BOUNDARY}\r\n`), ...chunks.map((bytes) => Buffer.from(bytes))])
          scan.push(chunk);
        expect(scan.found).toBeNull();
      }),
    );
  });

  it('takes an empty model for none', () => {
    const scan = new FormScan(BOUNDARY);
    scan.push(formOf([{ name: 'model', filename: null, value: Buffer.alloc(0) }]));
    expect([scan.found, scan.ended]).toEqual([null, true]);
  });
});

describe('the boundary of a content type', () => {
  it.each([
    ['multipart/form-data; boundary=abc', 'abc'],
    ['multipart/form-data; charset=utf-8; boundary="a b;c"', 'a b;c'],
    ['multipart/form-data; Boundary=abc; x=y', 'abc'],
    ['multipart/form-data', null],
    ['multipart/form-data; boundary=', null],
  ])('of %s', (type, boundary) => {
    expect(boundaryOf(type)).toBe(boundary);
  });
});
