import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import type { Problem } from './problem.js';

const MAX_BYTES = 8 * 1024 * 1024;

const REASONS: Record<string, string> = {
  ENOENT: 'no such file',
  EISDIR: 'is a folder, not a file',
  EACCES: 'may not be read by this user',
  ENOTDIR: 'no such file',
};

const whole = (message: string, line: number | null = null, column: number | null = null): Problem => ({
  path: '',
  line,
  column,
  message,
});

/** Line and column of the first byte that is not UTF-8. */
function firstBadByte(bytes: Buffer): { line: number; column: number } {
  let low = 0;
  let high = bytes.length;
  // The longest valid prefix; the stream option accepts one that ends within a character and leaves that out.
  let valid = '';
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    try {
      valid = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, middle), { stream: true });
      low = middle;
    } catch {
      high = middle - 1;
    }
  }
  const lines = valid.split('\n');
  return { line: lines.length, column: lines[lines.length - 1]!.length + 1 };
}

/** The text of a configuration file, or what keeps it from being read. */
export function readConfigFile(file: string): { text: string } | { problem: Problem } {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    return { problem: whole(REASONS[code] ?? `cannot be read (${code})`) };
  }
  if (bytes.length > MAX_BYTES) return { problem: whole('is larger than 8mb, which no configuration needs') };
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    return { problem: whole('is UTF-16; save it as UTF-8', 1, 1) };
  }
  if (!isUtf8(bytes)) {
    const { line, column } = firstBadByte(bytes);
    return { problem: whole('is not UTF-8 from here on; save it as UTF-8', line, column) };
  }
  return { text: bytes.toString('utf8').replace(/^\ufeff/, '') };
}
