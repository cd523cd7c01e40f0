import { open, rename, stat, unlink } from 'node:fs/promises';
import type { SinkRow } from '@headgate/sdk';
import { jsonLines } from './record-json.js';
import { text } from './setting.js';

/** A file of lines of JSON, which is set aside when it is full. */
export const file: SinkRow = {
  id: 'file',
  title: 'File',
  docs: 'https://jsonlines.org/',
  sends: 'lines',
  settings: {
    path: text('the file; its folder must be there'),
    max_bytes: { type: 'number', about: 'it is set aside at this size', default: 100 * 1024 * 1024 },
    keep: { type: 'number', about: 'files that are kept beside it: `PATH.1` is the newest', default: 5 },
  },
  open(values) {
    const path = values.text('path');
    return {
      async send(details) {
        const lines = Buffer.from(jsonLines(details));
        const size = await sizeOf(path);
        if (size > 0 && size + lines.length > values.number('max_bytes'))
          await setAside(path, values.number('keep'));
        const handle = await open(path, 'a', 0o600);
        try {
          const before = (await handle.stat()).size;
          try {
            await handle.writeFile(lines);
          } catch (error) {
            // Half a batch would be there twice.
            await handle.truncate(before);
            throw error;
          }
        } finally {
          await handle.close();
        }
        return { kind: 'taken' };
      },
    };
  },
};

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0;
  }
}

async function setAside(path: string, keep: number): Promise<void> {
  if (keep < 1) return unlink(path);
  for (let i = keep - 1; i >= 1; i--) await rename(`${path}.${i}`, `${path}.${i + 1}`).catch(() => {});
  await rename(path, `${path}.1`);
}
