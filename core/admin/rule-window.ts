import { ROLLING_MS, type RuleWindow, windowsOf } from '@headgate/sdk';

/** The stretch of time that a rule counts in now, unix milliseconds; `end` is null for one that moves with the clock. */
export function ruleWindow(
  { per, window, timeZone }: RuleWindow,
  now: number,
): { start: number; end: number | null } {
  if (window === 'rolling') return { start: now - ROLLING_MS[per], end: null };
  return windowsOf({ period: per, timeZone })(now);
}
