import { z } from 'zod';
import { wants } from './wants.js';

const UNITS: Record<string, number> = { '': 1, b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 };
const SIZE = /^(\d{1,12}(?:\.\d{1,6})?)(b|kb|mb|gb)?$/i;

/** `512kb`, `50mb`, `1gb`, `1048576` → bytes (a kb is 1024); undefined for anything else. */
export function parseSize(text: string): number | undefined {
  const match = SIZE.exec(text);
  if (match === null) return undefined;
  return Math.round(Number(match[1]) * (UNITS[(match[2] ?? '').toLowerCase()] ?? 1));
}

/** Bytes in the largest unit that divides them: 52428800 → `50mb`. */
export function formatSize(bytes: number): string {
  for (const unit of ['gb', 'mb', 'kb']) {
    if (bytes > 0 && bytes % UNITS[unit]! === 0) return `${bytes / UNITS[unit]!}${unit}`;
  }
  return String(bytes);
}

/** A size in the file; bytes after parsing. `max` in bytes. */
export function size(max: number) {
  const form = wants('a size such as 512kb, 50mb, 1gb or a number of bytes');
  return z
    .union([z.number(form), z.string(form).regex(SIZE, form)], form)
    .transform((value) => (typeof value === 'number' ? value : (parseSize(value) ?? 0)))
    .refine(
      (bytes) => Number.isInteger(bytes) && bytes >= 1 && bytes <= max,
      wants(`a size from 1 byte to ${formatSize(max)}`),
    );
}
