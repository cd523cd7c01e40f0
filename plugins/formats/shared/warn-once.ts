import type { Warn } from '@headgate/sdk';

/** Tells a warning about one field once per request, however many parts it concerns. */
export function warnOnce(warn: Warn): Warn {
  let told: Set<string> | undefined;
  return (field, why) => {
    told ??= new Set();
    if (told.has(field)) return;
    told.add(field);
    warn(field, why);
  };
}
