import { z } from 'zod';
import { wants } from './wants.js';

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const DURATION = /^(\d{1,9}(?:\.\d{1,6})?)(ms|s|m|h|d)$/;

/** Node's timers overflow above this (24.8 days) and fire at once. */
const MAX_DURATION_MS = 2_147_483_647;

/** The most of what is kept, or told before it comes: a century; what a timer can wait has nothing to do with it. */
export const LONGEST_MS = 36_500 * UNITS.d;

/** `250ms`, `2s`, `1.5m`, `1h`, `1d` → whole milliseconds; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const match = DURATION.exec(text);
  if (match === null) return undefined;
  return Math.round(Number(match[1]) * UNITS[match[2] as keyof typeof UNITS]);
}

/** Milliseconds in the largest unit that divides them: 120000 → `2m`. */
export function formatDuration(ms: number): string {
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    if (ms > 0 && ms % UNITS[unit] === 0) return `${ms / UNITS[unit]}${unit}`;
  }
  return `${ms}ms`;
}

/** A duration in the file; milliseconds after parsing. Without `maxMs`, one that a timer can wait for. */
export function duration(maxMs = MAX_DURATION_MS) {
  const form = wants('a duration such as 250ms, 2s, 10m, 1h or 1d');
  return z
    .string(form)
    .regex(DURATION, form)
    .transform((text) => parseDuration(text) ?? 0)
    .refine((ms) => ms >= 1 && ms <= maxMs, wants(`a duration from 1ms to ${Math.floor(maxMs / UNITS.d)}d`));
}
